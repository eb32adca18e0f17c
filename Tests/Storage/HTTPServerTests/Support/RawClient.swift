// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// Speaks bytes over a socket, so that a test decides what goes on the wire. Reads only when asked, give or take the
/// few buffers the channel holds.
struct RawClient: ~Copyable {
    struct Answer: Equatable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: ByteBuffer
        var text: String { String(buffer: body) }
    }

    struct Ended: Error {}

    typealias Inbound = NIOAsyncChannelInboundStream<ByteBuffer>
    private let reader: Reader
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    private var buffer = ByteBuffer()

    /// Unchecked because one client, used by one task at a time, owns it.
    private final class Reader: @unchecked Sendable {
        private var iterator: Inbound.AsyncIterator

        init(_ inbound: Inbound) {
            iterator = inbound.makeAsyncIterator()
        }

        @concurrent func next() async throws -> ByteBuffer? {
            try await iterator.next()
        }
    }

    static func with<R: Sendable>(
        port: Int,
        tls: NIOSSLContext? = nil,
        _ body: (inout RawClient) async throws -> R
    ) async throws -> R {
        let connected = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: "localhost")
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true),
                    )
                }
            }
        do {
            return try await connected.executeThenClose { inbound, outbound in
                var client = RawClient(
                    reader: Reader(inbound),
                    outbound: outbound,
                    channel: connected.channel,
                )
                return try await body(&client)
            }
        } catch let error as ChannelError where error == .alreadyClosed {
            throw Ended()
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// False at the end of input; a reset counts as one.
    private mutating func fill() async -> Bool {
        guard var next = try? await reader.next() else { return false }
        buffer.writeBuffer(&next)
        buffer.discardReadBytes()
        return true
    }

    /// Everything up to the end of input.
    mutating func readToEnd() async -> String {
        while await fill() {}
        return buffer.readString(length: buffer.readableBytes) ?? ""
    }

    /// True if nothing more comes.
    mutating func isAtEnd() async -> Bool {
        if buffer.readableBytes > 0 { return false }
        return await !fill()
    }

    mutating func readLine() async throws -> String {
        while true {
            if let end = buffer.readableBytesView.firstIndex(of: 0x0A) {
                let line = buffer.readString(length: end - buffer.readerIndex + 1) ?? ""
                try #require(line.hasSuffix("\r\n"))
                return String(line.dropLast(1))
            }
            guard await fill() else { throw Ended() }
        }
    }

    mutating func read(_ count: Int) async throws -> ByteBuffer {
        while buffer.readableBytes < count {
            guard await fill() else { throw Ended() }
        }
        return buffer.readSlice(length: count) ?? ByteBuffer()
    }

    /// One final answer.
    mutating func readAnswer(toHead: Bool = false) async throws -> Answer {
        let statusLine = try await readLine()
        try #require(statusLine.hasPrefix("HTTP/1.1 "), "\(statusLine)")
        var answer = Answer(status: Int(statusLine.dropFirst(9).prefix(3)) ?? 0, headers: [:], body: ByteBuffer())
        while true {
            let line = try await readLine()
            if line.isEmpty { break }
            let colon = try #require(line.firstIndex(of: ":"))
            let name = line[..<colon].lowercased()
            #expect(answer.headers[name] == nil, "twice: \(name)")
            answer.headers[name] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        if toHead || answer.status == 204 || answer.status == 304 || answer.status < 200 { return answer }
        if let length = answer.headers["content-length"] {
            answer.body = try await read(Int(length) ?? -1)
        } else if answer.headers["transfer-encoding"] == "chunked" {
            while true {
                let count = try #require(Int(try await readLine(), radix: 16))
                var piece = try await read(count)
                answer.body.writeBuffer(&piece)
                #expect(try await readLine() == "")
                if count == 0 { break }
            }
        } else {
            answer.body = ByteBuffer(string: await readToEnd())
        }
        return answer
    }
}

extension String {
    fileprivate func dropLast(_ lineEnd: Int) -> Substring {
        // "\r\n" is one Character.
        self[..<index(endIndex, offsetBy: -lineEnd)]
    }
}
