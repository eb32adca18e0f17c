// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix

/// A client that sends exactly the bytes it is told to, so that a test can be as rude as a real peer.
///
/// Blocking calls; every use goes through `RawConnection.with`, which runs them on a thread made for waiting.
final class RawConnection {
    enum Failure: Error {
        case socket(String, Int32)
        case closedEarly(received: Int)
        case malformedAnswer(String)
    }

    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var inbox = [UInt8](repeating: 0, count: 64 << 10)

    private init(port: Int, timeoutSeconds: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.socket("socket", errno) }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.socket("connect", errno) }
    }

    deinit { close(descriptor) }

    /// Runs `body` with a fresh connection on a thread that may wait.
    static func with<R: Sendable>(
        port: Int,
        timeoutSeconds: Int = 120,
        _ body: @escaping @Sendable (RawConnection) throws -> R
    ) async throws -> R {
        try await NIOThreadPool.singleton.runIfActive {
            try body(RawConnection(port: port, timeoutSeconds: timeoutSeconds))
        }
    }

    /// Stops quietly when the peer has closed: the answer is what a test looks at.
    func send(_ bytes: some Sequence<UInt8>) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Half-closes: the peer sees the end of the stream.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Whether bytes arrive within the time.
    func hasInput(milliseconds: Int32) -> Bool {
        if !pending.isEmpty { return true }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Whether the peer has closed the connection (waiting for it up to the receive time-out).
    func isClosedByPeer() -> Bool {
        if !pending.isEmpty { return false }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        if count == 1 { pending.append(byte) }
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    /// One answer, interim ones (1xx) included.
    ///
    /// - Parameter isHead: the answer to a HEAD, whose announced body is not there.
    func readResponse(isHead: Bool = false) throws -> RawResponse {
        let headBytes = try take(until: Array("\r\n\r\n".utf8))
        var lines = String(decoding: headBytes, as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: false
        )
        let statusLine = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else {
            throw Failure.malformedAnswer(String(decoding: headBytes.prefix(100), as: UTF8.self))
        }
        var headers: [(name: String, value: String)] = []
        for line in lines where !line.isEmpty {
            let pieces = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pieces.count == 2 else { throw Failure.malformedAnswer(String(line)) }
            headers.append((pieces[0].lowercased(), String(pieces[1].drop { $0 == " " })))
        }
        var response = RawResponse(status: status, headers: headers, body: [])
        guard !isHead, status != 204, status != 304, status >= 200 else { return response }
        if response.header("transfer-encoding") == "chunked" {
            while true {
                let sizeLine = String(decoding: try take(until: [13, 10]), as: UTF8.self)
                guard let size = Int(sizeLine, radix: 16) else { throw Failure.malformedAnswer(sizeLine) }
                if size == 0 { break }
                response.body += try take(size)
                _ = try take(until: [13, 10])
            }
            _ = try take(until: [13, 10])
        } else if let length = response.header("content-length").flatMap({ Int($0) }) {
            response.body = try take(length)
        }
        return response
    }

    private func take(until mark: [UInt8]) throws -> [UInt8] {
        var searched = 0
        while true {
            if let start = find(mark, from: searched) {
                let result = Array(pending[..<start])
                pending.removeFirst(start + mark.count)
                return result
            }
            searched = max(0, pending.count - mark.count)
            try receive()
        }
    }

    private func find(_ mark: [UInt8], from start: Int) -> Int? {
        guard pending.count >= mark.count else { return nil }
        return (start...(pending.count - mark.count)).first { pending[$0..<($0 + mark.count)].elementsEqual(mark) }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count { try receive() }
        let result = Array(pending[..<count])
        pending.removeFirst(count)
        return result
    }

    private func receive() throws {
        let count = inbox.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw Failure.closedEarly(received: pending.count) }
        inbox.withUnsafeBytes { pending.append(contentsOf: $0[..<count]) }
    }
}

/// An answer as it came.
struct RawResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The text of the first element of that name, entities and all.
    func element(_ name: String) -> String? {
        guard let start = text.range(after: "<\(name)>"), let end = text.index(of: "</\(name)>", from: start) else {
            return nil
        }
        return String(text[start..<end])
    }

    func elements(_ name: String) -> [String] {
        var result: [String] = []
        var rest = text[...]
        while let start = rest.range(after: "<\(name)>"), let end = rest.index(of: "</\(name)>", from: start) {
            result.append(String(rest[start..<end]))
            rest = rest[end...]
        }
        return result
    }

    /// The code of an error document.
    var errorCode: String? { text.contains("<Error>") ? element("Code") : nil }
}

extension StringProtocol {
    fileprivate func range(after mark: String) -> Index? {
        guard let start = index(of: mark, from: startIndex) else { return nil }
        return index(start, offsetBy: mark.count)
    }

    fileprivate func index(of mark: String, from start: Index) -> Index? {
        var position = start
        while position < endIndex {
            if self[position...].hasPrefix(mark) { return position }
            position = index(after: position)
        }
        return nil
    }
}
