// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct TLSTests {
        static func with(
            _ service: any HTTPService = TestService.standard,
            _ body: (HTTPServer) async throws -> Void
        ) async throws {
            let context = try TestCertificate.serverContext()
            try await TestServer.with(service, configure: { $0.tls = context }, body)
        }

        @Test func `requests and bodies pass`() async throws {
            let tls = try TestCertificate.clientContext()
            try await Self.with { server in
                try await RawClient.with(port: server.port, tls: tls) { client in
                    for number in 0..<50 {
                        let path = number.isMultiple(of: 2) ? "/slow-\(number)" : "/at-once-\(number)"
                        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                        #expect(try await client.readAnswer().text == path)
                    }
                    let byteCount = 8 << 20
                    try await client.send("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: \(byteCount)\r\n\r\n")
                    try await client.outbound.write(ByteBuffer(repeating: 7, count: byteCount))
                    #expect(try await client.readAnswer().text == "\(byteCount)")
                    try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    #expect(try await client.readAnswer().headers["connection"] == "close")
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `a large answer arrives whole`() async throws {
            let tls = try TestCertificate.clientContext()
            let service = TestService(answer: { exchange in
                #expect(exchange.request.isSecure)
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: 16 << 20)
                for offset in stride(from: 0, to: 16 << 20, by: 1 << 20) {
                    try await exchange.write(StreamingTests.Pattern.slice(offset, 1 << 20))
                }
                try await exchange.finish()
            })
            try await Self.with(service) { server in
                try await RawClient.with(port: server.port, tls: tls) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    let answer = try await client.readAnswer()
                    #expect(answer.body.readableBytes == 16 << 20)
                    #expect(StreamingTests.Pattern.matches(answer.body, at: 0))
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `a refused body closes after the answer`() async throws {
            let tls = try TestCertificate.clientContext()
            try await Self.with { server in
                try await RawClient.with(port: server.port, tls: tls) { client in
                    try await client.send("PUT /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
                    try? await client.outbound.write(ByteBuffer(repeating: 1, count: 1_000_000))
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 403)
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `plain text on a TLS port gets no answer`() async throws {
            try await Self.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(!(await client.readToEnd()).contains("HTTP"))
                }
            }
        }
    }
}
