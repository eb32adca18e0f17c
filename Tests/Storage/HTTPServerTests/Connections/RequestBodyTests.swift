// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct RequestBodyTests {
        static func put(_ path: String, _ lines: String) -> String {
            "PUT \(path) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
        }

        @Test func `100 is sent when the service asks for the body`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n"))
                    #expect(try await client.readLine() == "HTTP/1.1 100 Continue")
                    #expect(try await client.readLine() == "")
                    try await client.send("hello")
                    let answer = try await client.readAnswer()
                    #expect(answer.text == "hello")
                    #expect(answer.headers["connection"] == nil)
                    try await client.send(Self.put("/echo", "Content-Length: 2\r\n") + "hi")
                    #expect(try await client.readAnswer().text == "hi")
                }
            }
        }

        @Test func `no 100 is sent to a client whose service refuses`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/ignore", "Content-Length: 5\r\nExpect: 100-continue\r\n"))
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 403)
                    #expect(answer.headers["connection"] == "close")
                    #expect(await client.isAtEnd())
                }
            }
        }

        /// An answer in place of 100 on a connection that goes on would confuse botocore.
        @Test(arguments: ["/echo", "/ignore"])
        func `100 is sent before an answer to an empty body`(path: String) async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    for _ in 0..<2 {
                        try await client.send(Self.put(path, "Content-Length: 0\r\nExpect: 100-continue\r\n"))
                        #expect(try await client.readLine() == "HTTP/1.1 100 Continue")
                        #expect(try await client.readLine() == "")
                        let answer = try await client.readAnswer()
                        #expect(answer.status == (path == "/echo" ? 200 : 403))
                        #expect(answer.headers["connection"] == nil)
                    }
                }
            }
        }

        @Test func `no 100 is sent to a client that didn't wait for it`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n") + "hello")
                    #expect(try await client.readAnswer().text == "hello")
                }
            }
        }

        @Test(arguments: ["Content-Length: 60000\r\n", "Transfer-Encoding: chunked\r\n"])
        func `a small unread body is dropped and the connection kept`(line: String) async throws {
            let bytes = String(repeating: "x", count: 60_000)
            let body = line.hasPrefix("C") ? bytes : "EA60\r\n\(bytes)\r\n0\r\n\r\n"
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    for _ in 0..<3 {
                        try await client.send(Self.put("/ignore", line) + body)
                        let answer = try await client.readAnswer()
                        #expect(answer.status == 403)
                        #expect(answer.headers["connection"] == nil)
                    }
                }
            }
        }

        @Test func `a large unread body closes the connection, but not before the answer is read`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/ignore", "Content-Length: 50000000\r\n"))
                    try? await client.outbound.write(ByteBuffer(repeating: 1, count: 3_000_000))
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 403)
                    #expect(answer.headers["connection"] == "close")
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `an unread chunked body above the limit closes the connection`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/ignore", "Transfer-Encoding: chunked\r\n") + "30000\r\n")
                    #expect(try await client.readAnswer().status == 403)
                    try? await client.outbound.write(ByteBuffer(repeating: 1, count: 0x30000))
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test(arguments: ["Content-Length: 2000000\r\n", "Transfer-Encoding: chunked\r\n"])
        func `a body above the service's limit is refused`(line: String) async throws {
            let service = TestService(answer: { exchange in
                do {
                    _ = try await exchange.collectBody(byteCountMax: 1_000)
                } catch HTTPExchangeError.bodyTooLarge {
                    try await exchange.respond(HTTPResponseHead(status: 413), body: nil)
                }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/", line) + "7D0\r\n" + String(repeating: "x", count: 2_000))
                    #expect(try await client.readAnswer().status == 413)
                }
            }
        }

        @Test func `a client that goes away mid-body is told to the service`() async throws {
            let seen = Mutex<[HTTPExchangeError]>([])
            let service = TestService(answer: { exchange in
                do throws(HTTPExchangeError) {
                    while try await exchange.readBody() != nil {}
                } catch {
                    seen.withLock { $0.append(error) }
                }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/", "Content-Length: 1000\r\n") + "some")
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/", "Transfer-Encoding: chunked\r\n") + "5\r\nhel")
                    client.outbound.finish()
                    #expect(await client.isAtEnd() || true)
                }
                while seen.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(seen.withLock { $0 } == [.disconnected, .disconnected])
        }

        @Test(arguments: [(32, 1_024), (0, 256)])
        func `a slow service stops the reading, and that of many connections sooner`(
            _ roomyCountMax: Int,
            _ kibibytesMax: Int
        ) async throws {
            let isReleased = Mutex(false)
            let service = TestService(answer: { exchange in
                _ = try await exchange.readBody()
                while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                while try await exchange.readBody() != nil {}
                try await exchange.respond(
                    HTTPResponseHead(status: 200),
                    body: ByteBuffer(string: "\(exchange.bytesReceived)")
                )
            })
            let byteCount = 64 << 20
            try await TestServer.with(service, configure: { $0.roomyConnectionCountMax = roomyCountMax }) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.put("/", "Content-Length: \(byteCount)\r\n"))
                    let outbound = client.outbound
                    async let sent: Void = outbound.write(ByteBuffer(repeating: 7, count: byteCount))
                    var waiting = 0
                    while waiting < 128 << 10 {
                        try await Task.sleep(for: .milliseconds(10))
                        waiting = try await server.largest(\.inbound.byteCount)
                    }
                    try await Task.sleep(for: .milliseconds(200))
                    waiting = try await server.largest(\.inbound.byteCount)
                    #expect(waiting <= kibibytesMax << 10, "\(waiting) bytes wait")
                    isReleased.withLock { $0 = true }
                    try await sent
                    #expect(try await client.readAnswer().text == "\(byteCount)")
                }
            }
        }

        @Test func `pipelined input waits in the socket while a request is served`() async throws {
            let isReleased = Mutex(false)
            let service = TestService(answer: { exchange in
                while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                try await exchange.respond(HTTPResponseHead(status: 200), body: nil)
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    let request = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 1_000))\r\n\r\n"
                    try await client.send(String(repeating: request, count: 2_000))
                    try await Task.sleep(for: .milliseconds(200))
                    let waiting = try await server.largest(\.inbound.byteCount)
                    #expect(waiting > 0 && waiting <= 64 << 10, "\(waiting) bytes wait")
                    isReleased.withLock { $0 = true }
                    for _ in 0..<2_000 { #expect(try await client.readAnswer().status == 200) }
                }
            }
        }
    }
}
