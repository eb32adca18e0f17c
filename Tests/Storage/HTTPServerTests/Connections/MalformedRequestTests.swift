// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct MalformedRequestTests {
        @Test func `each malformed request is answered and the connection closed`() async throws {
            try await TestServer.with { server in
                for request in MalformedRequest.all {
                    try await RawClient.with(port: server.port) { client in
                        try? await client.send(request.bytes)
                        let answer = try await client.readAnswer()
                        #expect(answer.status == request.error.status, "\(request.testDescription)")
                        #expect(answer.headers["connection"] == "close")
                        #expect(answer.text == request.error.reason + "\n", "\(request.testDescription)")
                        #expect(await client.isAtEnd())
                    }
                }
            }
        }

        @Test func `a service's own document is sent`() async throws {
            try await TestServer.with(configure: { configuration in
                configuration.protocolErrorResponse = { error in
                    var head = HTTPResponseHead(status: 400)
                    head.add("Content-Type", "application/xml")
                    return HTTPImmediateResponse(head: head, body: ByteBuffer(string: "<Error>\(error)</Error>"))
                }
                configuration.headerByteCountMax = 1_024
            }) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 2_000))\r\n\r\n")
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 400)
                    #expect(answer.text == "<Error>headTooLarge</Error>")
                }
            }
        }

        @Test func `requests before a malformed one are answered first`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    let good = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
                    try await client.send(good + good + "GET / HTTP/3.0\r\n\r\n" + good)
                    #expect(try await client.readAnswer().status == 200)
                    #expect(try await client.readAnswer().status == 200)
                    #expect(try await client.readAnswer().status == 505)
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test(arguments: [
            "x\r\n", "5\r\nhelloX\r\n", "FFFFFFFFFFFFFFFFFFFF\r\n", "5\nhello\r\n", "0\r\nX: \u{0}\r\n\r\n",
        ])
        func `a body with bad framing is the service's to answer, and closes`(body: String) async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
                    let answer = try await client.readAnswer()
                    #expect(answer.status == 400)
                    #expect(answer.headers["connection"] == "close")
                    #expect(await client.isAtEnd())
                }
            }
        }
    }
}
