// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct TimeoutTests {
        /// Other limits stay long, so that only the one under test can act.
        static func long(_ configuration: inout HTTPServerConfiguration) {
            configuration.headerTimeout = .seconds(50)
            configuration.idleTimeout = .seconds(50)
            configuration.bodyTimeout = .seconds(50)
            configuration.writeTimeout = .seconds(50)
            configuration.lingerTimeout = .seconds(50)
        }

        /// A head that never ends, a byte at a time.
        private static func trickle(
            _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
            until end: ContinuousClock.Instant
        ) async {
            for byte in "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 200))".utf8 {
                try? await outbound.write(ByteBuffer(bytes: [byte]))
                try? await Task.sleep(for: .milliseconds(20))
                if ContinuousClock.now > end { break }
            }
        }

        @Test func `a head that trickles is cut`() async throws {
            try await TestServer.with(configure: {
                Self.long(&$0)
                $0.headerTimeout = .milliseconds(200)
            }) { server in
                try await RawClient.with(port: server.port) { client in
                    let start = ContinuousClock.now
                    let outbound = client.outbound
                    async let trickle: Void = Self.trickle(outbound, until: start + .seconds(2))
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 408)
                    #expect(start.duration(to: .now) >= .milliseconds(200))
                    #expect(start.duration(to: .now) < .seconds(2))
                    await trickle
                }
            }
        }

        @Test func `an idle connection is closed without a word`() async throws {
            try await TestServer.with(configure: {
                Self.long(&$0)
                $0.idleTimeout = .milliseconds(200)
            }) { server in
                try await RawClient.with(port: server.port) { client in
                    #expect(await client.readToEnd() == "")
                }
                try await RawClient.with(port: server.port) { client in
                    for _ in 0..<6 {
                        try await client.send("GET /at-once HTTP/1.1\r\nHost: a\r\n\r\n")
                        _ = try await client.readAnswer()
                        try await Task.sleep(for: .milliseconds(80))
                    }
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `a body that stops coming is the service's to answer`() async throws {
            try await TestServer.with(configure: {
                Self.long(&$0)
                $0.bodyTimeout = .milliseconds(200)
                $0.lingerTimeout = .milliseconds(200)
            }) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 408)
                    #expect(answer.headers["connection"] == "close")
                    #expect(await client.isAtEnd())
                }
                // Slow but steady is fine.
                try await RawClient.with(port: server.port) { client in
                    try await client.send("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
                    for _ in 0..<10 {
                        try await client.send("x")
                        try await Task.sleep(for: .milliseconds(60))
                    }
                    #expect(try await client.readAnswer().text == "10")
                }
            }
        }

        @Test func `a service may take longer than any limit for the client`() async throws {
            let service = TestService(answer: { exchange in
                try await Task.sleep(for: .milliseconds(600))
                try await exchange.respond(HTTPResponseHead(status: 200), body: nil)
            })
            try await TestServer.with(
                service,
                configure: {
                    $0.headerTimeout = .milliseconds(100)
                    $0.idleTimeout = .milliseconds(100)
                    $0.bodyTimeout = .milliseconds(100)
                }
            ) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.readAnswer().status == 200)
                }
            }
        }

        @Test func `a reader that takes nothing for too long is cut`() async throws {
            let seen = Mutex<HTTPExchangeError?>(nil)
            let service = TestService(answer: { exchange in
                do throws(HTTPExchangeError) {
                    try await exchange.start(HTTPResponseHead(status: 200), contentLength: nil)
                    while true { try await exchange.write(ByteBuffer(repeating: 1, count: 1 << 20)) }
                } catch {
                    seen.withLock { $0 = error }
                }
            })
            try await TestServer.with(
                service,
                configure: {
                    Self.long(&$0)
                    $0.writeTimeout = .milliseconds(300)
                }
            ) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    while seen.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(5)) }
                    #expect(seen.withLock { $0 } == .timedOut)
                }
            }
        }

        @Test func `a reader of a large answer at once may take its time`() async throws {
            let body = ByteBuffer(repeating: 5, count: 32 << 20)
            let service = TestService(atOnce: { _ in
                HTTPImmediateResponse(head: HTTPResponseHead(status: 200), body: body)
            })
            try await TestServer.with(
                service,
                configure: {
                    Self.long(&$0)
                    $0.idleTimeout = .milliseconds(100)
                    $0.writeTimeout = .seconds(5)
                }
            ) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    while try await client.readLine() != "" {}
                    for _ in 0..<32 {
                        #expect(try await client.read(1 << 20).readableBytes == 1 << 20)
                        try await Task.sleep(for: .milliseconds(25))
                    }
                }
            }
        }
    }
}
