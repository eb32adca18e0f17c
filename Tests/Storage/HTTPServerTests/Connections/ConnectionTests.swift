// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct ConnectionTests {
        static func get(_ path: String, _ lines: String = "") -> String {
            "GET \(path) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
        }

        @Test(arguments: ["/at-once", "/slow"])
        func `a connection is used again`(path: String) async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    for number in 0..<20 {
                        try await client.send(Self.get("\(path)-\(number)"))
                        let answer = try await client.readAnswer()
                        #expect(answer.status == 200)
                        #expect(answer.text == "\(path)-\(number)")
                        #expect(answer.headers["server"] == "Drydock")
                        #expect(answer.headers["date"] == "Sun, 09 Sep 2001 01:46:40 GMT")
                        #expect(answer.headers["connection"] == nil)
                    }
                }
            }
        }

        @Test func `bytes one by one make the same answers`() async throws {
            let requests =
                Self.get("/at-once-1") + "\r\n" + Self.get("/slow-2")
                + "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                + "PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n"
                + Self.get("/at-once-3", "Connection: close\r\n")
            try await TestServer.with { server in
                let whole = try await RawClient.with(port: server.port) { client in
                    try await client.send(requests)
                    return await client.readToEnd()
                }
                let trickled = try await RawClient.with(port: server.port) { client in
                    for byte in requests.utf8 { try await client.send([byte]) }
                    return await client.readToEnd()
                }
                #expect(whole == trickled)
                #expect(whole.split(separator: "HTTP/1.1 200 OK\r\n" as String).count == 5)
                #expect(whole.contains("\r\n\r\nhello"))
                #expect(whole.contains("\r\n\r\nabcde"))
            }
        }

        @Test func `pipelined requests are answered in order`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    var expected: [String] = []
                    var requests = ""
                    for number in 0..<500 {
                        let path = (number.isMultiple(of: 3) ? "/slow-" : "/at-once-") + String(number)
                        expected.append(path)
                        requests += Self.get(path)
                    }
                    try await client.send(requests)
                    for path in expected { #expect(try await client.readAnswer().text == path) }
                }
            }
        }

        @Test(arguments: ["/at-once", "/slow"])
        func `HEAD announces a length and sends nothing`(path: String) async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get(path))
                    let head = try await client.readAnswer(toHead: true)
                    #expect(head.headers["content-length"] == "\(path.utf8.count)")
                    #expect(try await client.readAnswer().text == path)
                }
            }
        }

        @Test(arguments: [204, 304])
        func `an answer that has no body sends none`(status: Int) async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.get("/bodyless-\(status)") + Self.get("/slow"))
                    let answer = try await client.readAnswer()
                    #expect(answer.status == status)
                    #expect((answer.headers["content-length"] == nil) == (status == 204))
                    #expect(try await client.readAnswer().text == "/slow")
                }
            }
        }

        @Test func `an answer of unknown length is chunked`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(
                        Self.get("/chunks") + "HEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get("/slow")
                    )
                    let answer = try await client.readAnswer()
                    #expect(answer.headers["transfer-encoding"] == "chunked")
                    #expect(answer.headers["content-length"] == nil)
                    #expect(answer.text == "one two three")
                    _ = try await client.readAnswer(toHead: true)
                    #expect(try await client.readAnswer().text == "/slow")
                }
            }
        }

        @Test func `to HTTP 1-0 an unknown length ends with the connection`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    let answer = try await client.readAnswer()
                    #expect(answer.headers["transfer-encoding"] == nil)
                    #expect(answer.headers["connection"] == "close")
                    #expect(answer.text == "one two three")
                }
            }
        }

        @Test(arguments: ["/at-once", "/slow"])
        func `the client decides about the connection`(path: String) async throws {
            try await TestServer.with { server in
                for (request, stays) in [
                    ("GET \(path) HTTP/1.0\r\n\r\n", false),
                    ("GET \(path) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
                    (Self.get(path, "Connection: close\r\n"), false), (Self.get(path), true),
                ] {
                    try await RawClient.with(port: server.port) { client in
                        try await client.send(request)
                        let answer = try await client.readAnswer()
                        #expect(answer.text == path)
                        #expect(
                            answer.headers["connection"]
                                == (stays ? (request.contains("1.0") ? "keep-alive" : nil) : "close")
                        )
                        if stays {
                            try await client.send(Self.get(path))
                            #expect(try await client.readAnswer().status == 200)
                        } else {
                            #expect(await client.isAtEnd())
                        }
                    }
                }
            }
        }

        @Test func `a client that stops sending still gets its answers`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.get("/slow-1") + Self.get("/at-once-2") + Self.get("/slow-3"))
                    client.outbound.finish()
                    for path in ["/slow-1", "/at-once-2", "/slow-3"] {
                        #expect(try await client.readAnswer().text == path)
                    }
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `a service that forgets to answer is answered for`() async throws {
            try await TestServer.with { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.get("/nothing"))
                    #expect(try await client.readAnswer().status == 500)
                    #expect(await client.isAtEnd())
                }
            }
        }

        @Test func `the service sees the peer's address`() async throws {
            let service = TestService(atOnce: { request in
                HTTPImmediateResponse(
                    head: HTTPResponseHead(status: 200),
                    body: ByteBuffer(string: request.remoteAddress)
                )
            })
            try await TestServer.with(service) { server in
                #expect(server.address == "127.0.0.1")
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.get("/"))
                    #expect(try await client.readAnswer().text == "127.0.0.1")
                }
            }
        }

        @Test func `a port in use is said to be so`() async throws {
            try await TestServer.with { server in
                await #expect(throws: HTTPServerError.self) {
                    try await TestServer.with(configure: { $0.port = server.port }) { _ in }
                }
            }
        }
    }
}
