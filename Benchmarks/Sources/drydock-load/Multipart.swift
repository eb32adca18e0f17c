// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension DrydockLoad {
    /// Uploads objects in parts: creation and completion on a connection of their own, parts in parallel.
    func runMultipart() throws {
        let partCount = max(1, (size + partSize - 1) / partSize)
        let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
        let usage = ServerUsage(pids: serverPid)
        let cpu = usage.cpuSeconds()
        let start = monotonicNanoseconds()
        var total = Measurement()
        var object = 0
        while monotonicNanoseconds() < deadline {
            let path = "/\(bucket)/\(key(object))"
            let begun = monotonicNanoseconds()
            let upload = try text(in: exchange("POST", path, "uploads=", []), between: "<UploadId>", "</UploadId>")
            let parts = PartPlan(
                heads: (1...partCount).map { number in
                    let length = min(partSize, size - (number - 1) * partSize)
                    return (requestHead("PUT", path, "partNumber=\(number)&uploadId=\(upload)", length), length)
                },
                seed: UInt64(object) &+ monotonicNanoseconds()
            )
            let worker = Worker(
                plan: parts,
                address: inet_addr(address),
                port: port,
                connectionCount: min(connections, partCount),
                durationNanoseconds: 3_600_000_000_000
            )
            let measured = Threads.run([worker])
            for (status, count) in measured.failures { total.failures[status, default: 0] += count }
            total.firstFailure = total.firstFailure ?? measured.firstFailure
            let body = try completion(path, upload, partCount)
            _ = try text(in: exchange("POST", path, "uploadId=\(upload)", body), between: "<ETag>", "</ETag>")
            total.histogram.record(nanoseconds: monotonicNanoseconds() - begun)
            total.bodyBytesSent += UInt64(size)
            object += 1
        }
        let elapsed = Double(monotonicNanoseconds() - start) / 1e9
        try report(
            Result(
                measurement: total,
                elapsed: elapsed,
                cpu: usage.cpuSeconds() - cpu,
                residentBytes: usage.residentBytes()
            )
        )
    }

    private func requestHead(_ method: String, _ path: String, _ query: String, _ length: Int) -> [UInt8] {
        RequestBuilder(host: "\(address):\(port)", accessKey: accessKey, secretKey: secretKey)
            .head(method, path: path, query: query, contentLength: length)
    }

    /// The completion's body from the server's own list of parts.
    private func completion(_ path: String, _ upload: String, _ partCount: Int) throws -> [UInt8] {
        var body = "<CompleteMultipartUpload>"
        var marker = 0
        while marker < partCount {
            let listing = try exchange("GET", path, "part-number-marker=\(marker)&uploadId=\(upload)", [])
            for piece in listing.split(separator: "<Part>").dropFirst() {
                let number = try text(in: String(piece), between: "<PartNumber>", "</PartNumber>")
                let tag = try text(in: String(piece), between: "<ETag>", "</ETag>")
                body += "<Part><PartNumber>\(number)</PartNumber><ETag>\(tag)</ETag></Part>"
                marker = Int(number) ?? partCount
            }
        }
        return Array((body + "</CompleteMultipartUpload>").utf8)
    }

    private func text(in answer: String, between start: String, _ end: String) throws -> String {
        // The first piece may be empty: an answer can begin with `start`.
        guard
            let rest = answer.split(separator: start, maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first,
            let value = rest.split(separator: end, maxSplits: 1, omittingEmptySubsequences: false).first
        else { throw MultipartFailure(answer: String(answer.prefix(500))) }
        return String(value)
    }

    struct MultipartFailure: Error, CustomStringConvertible {
        let answer: String
        var description: String { "unexpected answer: \(answer)" }
    }

    /// One request on a connection of its own; the whole answer as text.
    private func exchange(_ method: String, _ path: String, _ query: String, _ body: [UInt8]) throws -> String {
        guard let connection = Connection(address: inet_addr(address), port: port) else {
            throw MultipartFailure(answer: "can't connect")
        }
        _ = fcntl(connection.descriptor, F_SETFL, 0)
        var request = requestHead(method, path, query, body.count)
        // The answer ends with the connection, which makes its end easy to see.
        request.insert(contentsOf: Array("Connection: close\r\n".utf8), at: request.count - 2)
        request += body
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                write(connection.descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent)
            }
            guard count > 0 else { throw MultipartFailure(answer: "can't send") }
            sent += count
        }
        var answer: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(connection.descriptor, &block, block.count)
            if count <= 0 { break }
            answer += block[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}

/// The parts of one object, each once, with content of their own.
private final class PartPlan: Plan {
    private var heads: ArraySlice<(head: [UInt8], length: Int)>
    private let buffer: UnsafeMutableRawBufferPointer
    let bodyByteCount = 0

    init(heads: [(head: [UInt8], length: Int)], seed: UInt64) {
        self.heads = heads[...]
        let longest = heads.map(\.length).max() ?? 0
        // Parts begin at different offsets of one random buffer, so that no two are the same.
        buffer = .allocate(byteCount: longest + heads.count * 4_099 + 8, alignment: 8)
        var generator = SplitMix(state: seed)
        for index in 0..<buffer.count / 8 {
            buffer.storeBytes(of: generator.next(), toByteOffset: index * 8, as: UInt64.self)
        }
    }

    deinit { buffer.deallocate() }

    func next() -> PlannedRequest? {
        guard let (head, length) = heads.popFirst() else { return nil }
        let offset = heads.count * 4_099
        return PlannedRequest(
            head: head,
            body: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + length]),
            tag: 0
        )
    }

    func finished(tag: Int) {}
}
