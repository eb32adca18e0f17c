// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct StreamingTests {
        static let byteCount = 100 << 20

        /// An endless pattern whose period is no multiple of any buffer's size, so that a lost, doubled or displaced
        /// piece shows; cheap enough for a debug build.
        enum Pattern {
            static let period = (1 << 20) + 7
            private static let bytes: ByteBuffer = {
                var bytes = ByteBuffer()
                for word in 0..<(period * 2 / 8 + 1) {
                    bytes.writeInteger(UInt64(word % (period + 1)) &* 0x9E37_79B9_7F4A_7C15)
                }
                // The second half repeats the first, so that any piece up to a period is one slice.
                bytes.setBuffer(bytes.getSlice(at: 0, length: period) ?? ByteBuffer(), at: period)
                return bytes
            }()

            static func slice(_ offset: Int, _ count: Int) -> ByteBuffer {
                bytes.getSlice(at: offset % period, length: count) ?? ByteBuffer()
            }

            static func matches(_ buffer: ByteBuffer, at offset: Int) -> Bool {
                var buffer = buffer
                var offset = offset
                while let piece = buffer.readSlice(length: min(buffer.readableBytes, 1 << 20)), piece.readableBytes > 0
                {
                    guard piece == slice(offset, piece.readableBytes) else { return false }
                    offset += piece.readableBytes
                }
                return true
            }
        }

        @Test(arguments: [true, false])
        func `a large answer arrives whole`(isLengthKnown: Bool) async throws {
            let service = TestService(answer: { exchange in
                try await exchange.start(
                    HTTPResponseHead(status: 200),
                    contentLength: isLengthKnown ? UInt64(Self.byteCount) : nil
                )
                for offset in stride(from: 0, to: Self.byteCount, by: 1 << 20) {
                    try await exchange.write(Pattern.slice(offset, 1 << 20))
                }
                try await exchange.finish()
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    for _ in 0..<2 {
                        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        while try await client.readLine() != "" {}
                        var left = Self.byteCount
                        while left > 0 {
                            let count =
                                isLengthKnown
                                ? min(left, 1 << 16) : try #require(Int(await client.readLine(), radix: 16))
                            #expect(Pattern.matches(try await client.read(count), at: Self.byteCount - left))
                            left -= count
                            if !isLengthKnown { #expect(try await client.readLine() == "") }
                        }
                        if !isLengthKnown { for line in ["0", ""] { #expect(try await client.readLine() == line) } }
                    }
                }
            }
        }

        @Test(arguments: [true, false])
        func `a large body arrives whole`(isLengthKnown: Bool) async throws {
            let service = TestService(answer: { exchange in
                var isRight = true
                while let piece = try await exchange.readBody() {
                    isRight = isRight && Pattern.matches(piece, at: Int(exchange.bytesReceived) - piece.readableBytes)
                }
                try await exchange.respond(
                    HTTPResponseHead(status: 200),
                    body: ByteBuffer(string: "\(isRight) \(exchange.bytesReceived)")
                )
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    let line = isLengthKnown ? "Content-Length: \(Self.byteCount)" : "Transfer-Encoding: chunked"
                    for _ in 0..<2 {
                        try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
                        for offset in stride(from: 0, to: Self.byteCount, by: 1 << 20) {
                            var piece = ByteBuffer()
                            if !isLengthKnown { piece.writeString("100000\r\n") }
                            piece.writeImmutableBuffer(Pattern.slice(offset, 1 << 20))
                            if !isLengthKnown { piece.writeString("\r\n") }
                            try await client.outbound.write(piece)
                        }
                        if !isLengthKnown { try await client.send("0\r\n\r\n") }
                        #expect(try await client.readAnswer().text == "true \(Self.byteCount)")
                    }
                }
            }
        }

        @Test func `a reader that takes nothing stops the writing`() async throws {
            let written = Mutex(0)
            let service = TestService(answer: { exchange in
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: 64 << 20)
                for _ in 0..<64 {
                    try await exchange.write(ByteBuffer(repeating: 3, count: 1 << 20))
                    written.withLock { $0 += 1 }
                }
                try await exchange.finish()
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    while try await client.readLine() != "" {}
                    try await Task.sleep(for: .milliseconds(300))
                    let pending = try await server.largest(\.pendingByteCount)
                    #expect(pending > 0 && pending <= (512 << 10) + (1 << 20), "\(pending) bytes wait")
                    #expect(written.withLock { $0 } < 40)
                    _ = try await client.read(64 << 20)
                }
            }
        }

        @Test(arguments: [100, 20_000, 1_000_000])
        func `a piece is sent although its answer goes on`(byteCount: Int) async throws {
            let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
            let service = TestService(answer: { exchange in
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: nil)
                var iterator = arrivals.makeAsyncIterator()
                for _ in 0..<3 {
                    try await exchange.write(ByteBuffer(repeating: 3, count: byteCount))
                    await iterator.next()
                }
                try await exchange.finish()
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    while try await client.readLine() != "" {}
                    for _ in 0..<3 {
                        #expect(try await client.readLine() == String(byteCount, radix: 16))
                        #expect(try await client.read(byteCount) == ByteBuffer(repeating: 3, count: byteCount))
                        #expect(try await client.readLine() == "")
                        arrived.yield()
                    }
                    for line in ["0", ""] { #expect(try await client.readLine() == line) }
                }
            }
        }

        /// All of them would lie in memory otherwise.
        @Test func `small pieces are sent while their writer waits for nothing`() async throws {
            let held = Mutex(0)
            let running = Mutex<HTTPServer?>(nil)
            let service = TestService(answer: { exchange in
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: 4 << 20)
                let loop = running.withLock { $0 }?.loops.first { $0.eventLoop.inEventLoop }
                for _ in 0..<1_024 {
                    try await exchange.write(ByteBuffer(repeating: 3, count: 4_096))
                    guard let loop else { return held.withLock { $0 = .max } }
                    // The client may have hung up with the last piece.
                    let count = loop.openConnections.map(\.output.readableBytes).max() ?? 0
                    held.withLock { $0 = max($0, count) }
                }
                try await exchange.finish()
            })
            try await TestServer.with(service) { server in
                running.withLock { $0 = server }
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.readAnswer().body.readableBytes == 4 << 20)
                }
            }
            #expect(held.withLock { $0 } <= 512 << 10)
        }

        @Test func `pipelined answers wait for their reader`() async throws {
            let answered = Mutex(0)
            let body = ByteBuffer(repeating: 5, count: 100_000)
            let service = TestService(atOnce: { _ in
                answered.withLock { $0 += 1 }
                return HTTPImmediateResponse(head: HTTPResponseHead(status: 200), body: body)
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 500))
                    try await Task.sleep(for: .milliseconds(300))
                    let pending = try await server.largest(\.pendingByteCount)
                    #expect(pending <= (512 << 10) + 200_000, "\(pending) bytes wait")
                    #expect(answered.withLock { $0 } < 400)
                    for _ in 0..<500 { #expect(try await client.readAnswer().body.readableBytes == 100_000) }
                }
            }
        }

        @Test(arguments: ["abort", "return", "short", "long"])
        func `an answer that can't be finished is cut`(how: String) async throws {
            let service = TestService(answer: { exchange in
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: 1_000)
                try await exchange.write(ByteBuffer(repeating: 0x61, count: 500))
                switch how {
                case "abort": exchange.abort()
                case "short": try await exchange.finish()
                case "long": try await exchange.write(ByteBuffer(repeating: 0x62, count: 600))
                default: break
                }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let text = await client.readToEnd()
                    #expect(text.hasPrefix("HTTP/1.1 200"))
                    #expect(!text.contains("b"))
                    #expect(text.filter { $0 == "a" }.count <= 510)
                }
            }
        }

        @Test func `a reader that goes away ends the writing`() async throws {
            let seen = Mutex<HTTPExchangeError?>(nil)
            let service = TestService(answer: { exchange in
                do throws(HTTPExchangeError) {
                    try await exchange.start(HTTPResponseHead(status: 200), contentLength: nil)
                    while true { try await exchange.write(ByteBuffer(repeating: 1, count: 1 << 20)) }
                } catch {
                    seen.withLock { $0 = error }
                }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try await client.read(1_000)
                }
                while seen.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(seen.withLock { $0 } == .disconnected)
        }
    }
}
