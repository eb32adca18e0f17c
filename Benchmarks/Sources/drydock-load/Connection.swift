// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CLoadShims
import Glibc

/// One keep-alive connection that sends a request, takes the whole answer, and goes on with the next.
///
/// Plain sockets and epoll, no library: on a machine shared with the server each microsecond of the generator is one
/// the server does not get.
final class Connection {
    enum Outcome {
        case waiting
        case answered(status: Int, bodyBytes: Int)
        case failed(String)
    }

    let descriptor: Int32
    private var head: [UInt8] = []
    /// The answer announces a length and sends no body.
    private var isHead = false
    private var body: UnsafeRawBufferPointer?
    private var sent = 0
    private var received: [UInt8] = []
    private var bodyBytesLeft: Int?
    private var status = 0
    private var bodyBytes = 0
    private(set) var startedAt: UInt64 = 0
    /// Which request of the plan is under way.
    var tag = 0

    init?(address: UInt32, port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = address
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return nil }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Begins a request; `body` must stay valid until the answer.
    func start(head: [UInt8], body: UnsafeRawBufferPointer?, now: UInt64) {
        self.head = head
        isHead = head.starts(with: Array("HEAD ".utf8))
        self.body = body
        sent = 0
        received.removeAll(keepingCapacity: true)
        bodyBytesLeft = nil
        bodyBytes = 0
        startedAt = now
    }

    /// True while something is left to send.
    var wantsToWrite: Bool { sent < head.count + (body?.count ?? 0) }

    func send() -> Bool {
        while wantsToWrite {
            let count: Int
            if sent < head.count {
                // With nothing to follow, the kernel would hold the head back for 200 ms.
                let flags = Int32(MSG_NOSIGNAL) | (body?.isEmpty ?? true ? 0 : Int32(MSG_MORE))
                count = head.withUnsafeBytes { bytes in
                    Glibc.send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, flags)
                }
            } else {
                let offset = sent - head.count
                count = Glibc.send(
                    descriptor,
                    body?.baseAddress.map { $0 + offset },
                    (body?.count ?? 0) - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            sent += count
        }
        return true
    }

    /// Takes what is there. `scratch` is only borrowed.
    func receive(_ scratch: UnsafeMutableRawBufferPointer) -> Outcome {
        while true {
            let count = recv(descriptor, scratch.baseAddress, scratch.count, 0)
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .waiting : .failed("recv errno \(errno)") }
            if count == 0 { return .failed("closed by the server") }
            if let left = bodyBytesLeft {
                bodyBytes += count
                bodyBytesLeft = left - count
            } else {
                received.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
                guard parseHead() else { continue }
            }
            if let left = bodyBytesLeft, left <= 0 { return .answered(status: status, bodyBytes: bodyBytes) }
        }
    }

    /// Reads status and length once the head is whole.
    private func parseHead() -> Bool {
        let count = received.count
        guard count >= 16 else { return false }
        let (end, length) = received.withUnsafeBytes { bytes -> (Int, Int) in
            guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { return (-1, 0) }
            let end = load_head_length(base, count)
            guard end > 0 else { return (-1, 0) }
            status = (Int(base[9]) - 48) * 100 + (Int(base[10]) - 48) * 10 + Int(base[11]) - 48
            let length = isHead ? 0 : Int(load_content_length(base, end))
            precondition(length >= 0 || status == 204 || status == 304, "the generator needs answers of known length")
            return (end, max(0, length))
        }
        guard end >= 0 else { return false }
        bodyBytes = count - end
        bodyBytesLeft = length - bodyBytes
        return true
    }
}
