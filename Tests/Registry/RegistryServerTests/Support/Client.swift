// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import OCIModel
import StorageTypes

/// An answer as it came over the wire.
struct Response: Sendable {
    var status = 0
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    subscript(name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue? { try? JSONValue(parsing: body) }

    /// The codes of an error document.
    var codes: [String] { json?["errors"]?.array?.compactMap { $0["code"]?.string } ?? [] }
}

/// An HTTP client that says exactly what a test wants said: one connection per request.
struct Client: Sendable {
    struct Failure: Error { let reason: String }

    let port: Int
    var authorization: String? = "Basic " + Base64.encode(Array("key:secret".utf8))

    enum Body: Sendable {
        case none
        case bytes([UInt8])
        case chunked([[UInt8]])
    }

    func send(
        _ method: String,
        _ path: String,
        _ headers: [(String, String)] = [],
        _ body: Body = .none
    ) async throws -> Response {
        var request = ByteBuffer()
        request.writeString("\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n")
        if let authorization { request.writeString("Authorization: \(authorization)\r\n") }
        for (name, value) in headers { request.writeString("\(name): \(value)\r\n") }
        switch body {
        case .none: request.writeString("\r\n")
        case .bytes(let bytes):
            request.writeString("Content-Length: \(bytes.count)\r\n\r\n")
            request.writeBytes(bytes)
        case .chunked(let pieces):
            request.writeString("Transfer-Encoding: chunked\r\n\r\n")
            for piece in pieces where !piece.isEmpty {
                request.writeString(String(piece.count, radix: 16) + "\r\n")
                request.writeBytes(piece)
                request.writeString("\r\n")
            }
            request.writeString("0\r\n\r\n")
        }
        return try Self.parse(try await exchange(request), isHead: method == "HEAD")
    }

    /// Sends bytes as they are and returns everything that comes back.
    func exchange(_ request: ByteBuffer) async throws -> [UInt8] {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // The server may answer and close before it has read everything.
        try? await channel.writeAndFlush(request)
        try await channel.closeFuture.get()
        return collector.bytes.value
    }

    private static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Response {
        var response = Response()
        var rest = bytes[...]
        func line() throws -> String {
            guard let end = rest.firstIndex(of: 13), end + 1 < rest.endIndex, rest[end + 1] == 10 else {
                throw Failure(reason: "no line in \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            }
            defer { rest = rest[(end + 2)...] }
            return String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
        }
        while true {
            let words = try line().split(separator: " ")
            guard words.count >= 2, let status = Int(words[1]) else { throw Failure(reason: "no status line") }
            response.status = status
            response.headers = []
            while true {
                let text = try line()
                guard !text.isEmpty else { break }
                let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard halves.count == 2 else { throw Failure(reason: "no header: \(text)") }
                response.headers.append((halves[0].lowercased(), String(halves[1].drop { $0 == " " })))
            }
            guard status == 100 else { break }
        }
        if !isHead, response.status != 204, response.status != 304 {
            guard let length = response["content-length"].flatMap({ Int($0) }), length == rest.count else {
                throw Failure(reason: "\(rest.count) bytes of \(response["content-length"] ?? "no length")")
            }
        } else if !rest.isEmpty {
            throw Failure(reason: "a body where none may be")
        }
        response.body = Array(rest)
        return response
    }
}

/// Keeps what arrives until the connection ends. Unchecked: only its channel's event loop writes, and the test reads
/// after the channel has closed.
private final class Collector: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    final class Box: @unchecked Sendable { var value: [UInt8] = [] }

    let bytes = Box()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.value.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
