// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

/// Requests that no client library makes: each gets an S3 error, and the server is none the worse for it.
@Suite struct MalformedRequestTests {
    @Test func `targets that can't be read are refused`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let long = String(repeating: "a", count: 1_025)
            for (path, code) in [
                ("/box/%zz", "InvalidURI"), ("/box/%", "InvalidURI"), ("/box/%f", "InvalidURI"),
                ("/box/%ff", "InvalidURI"),
                ("/box/%c0%80", "InvalidURI"), ("/box/%ed%a0%80", "InvalidURI"), ("/%ff/key", "InvalidURI"),
                ("/box/\(long)", "KeyTooLongError"), ("/box/?prefix=%zz", "InvalidURI"),
                ("/box?prefix=%ff", "InvalidURI"),
            ] {
                let response = try await server.send(TestRequest("GET", path, signing: .none))
                #expect(response.status == 400, "\(path): \(response.text)")
                #expect(response.errorCode == code, "\(path): \(response.text)")
            }
        }
    }

    @Test func `heads that can't be read are refused`() async throws {
        try await TestServer.with { server in
            let huge = String(repeating: "h", count: 9_000)
            let enormous = String(repeating: "h", count: 70_000)
            let many = (0..<300).map { "h\($0): v\r\n" }.joined()
            let host = "Host: 127.0.0.1\r\n"
            let table: [(String, String)] = [
                ("GET /box HTTP/1.1\r\n\(host)x-long: \(huge)\r\n\r\n", "RequestHeaderSectionTooLarge"),
                ("GET /box HTTP/1.1\r\n\(host)x-long: \(enormous)\r\n\r\n", "RequestHeaderSectionTooLarge"),
                ("GET /box HTTP/1.1\r\n\(host)\(many)\r\n", "RequestHeaderSectionTooLarge"),
                ("GET /box HTTP/1.1\r\n\r\n", "BadRequest"),
                ("GET /box HTTP/1.1\r\n\(host)\(host)\r\n", "BadRequest"),
                ("GET /box HTTP/1.1\r\n\(host)no colon\r\n\r\n", "BadRequest"),
                ("GET /box HTTP/1.1\r\n\(host)x: a\u{0}b\r\n\r\n", "BadRequest"),
                ("GET  /box HTTP/1.1\r\n\(host)\r\n", "BadRequest"),
                ("GET box HTTP/1.1\r\n\(host)\r\n", "InvalidURI"),
                ("GET /b\u{1}ox HTTP/1.1\r\n\(host)\r\n", "InvalidURI"),
                ("GET /box HTTP/3.0\r\n\(host)\r\n", "NotImplemented"),
                ("PUT /box/key HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", "InvalidArgument"),
                ("PUT /box/key HTTP/1.1\r\n\(host)Content-Length: 12x\r\n\r\n", "InvalidArgument"),
                ("PUT /box/key HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999\r\n\r\n", "InvalidArgument"),
                (
                    "PUT /box/key HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "BadRequest"
                ),
                ("PUT /box/key HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n", "NotImplemented"),
            ]
            for (text, code) in table {
                let response = try await server.send(raw: Array(text.utf8))
                #expect((400...505).contains(response.status) && response.status != 500, "\(text.prefix(120))")
                #expect(response.errorCode == code, "\(text.prefix(120)): \(response.text)")
                #expect(response.element("RequestId") == response.header("x-amz-request-id"))
            }
            #expect(try await server.get("/").status == 200)
        }
    }

    @Test func `a body that ends early stores nothing`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "before")
            var request = TestRequest("PUT", "/box/key", body: Array("hello".utf8))
            request.contentLength = "100"
            let head = request.signed(at: TestClock().now()).head
            let response = try await server.send(raw: Array(head.utf8) + request.body, finishes: true)
            #expect(response.status == 400)
            #expect(response.errorCode == "IncompleteBody")
            #expect(try await server.get("/box/key").text == "before")
        }
    }

    @Test func `a client that stops sending is told so`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            var request = TestRequest("PUT", "/box/key", body: Array("hello".utf8))
            request.contentLength = "100"
            let head = request.signed(at: TestClock().now()).head
            let response = try await server.send(raw: Array(head.utf8) + request.body)
            #expect(response.status == 400)
            #expect(response.errorCode == "RequestTimeout")
            #expect(try await server.get("/box/key").status == 404)
        }
    }

    @Test func `broken HTTP chunks in a body are refused`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            for body in ["zz\r\nhello", "5\r\nhelloX\r\n0\r\n\r\n", "-1\r\n", "fffffffffffffffffff\r\n"] {
                var request = TestRequest("PUT", "/box/key")
                request.payloadHash = "UNSIGNED-PAYLOAD"
                request.headers = [("transfer-encoding", "chunked"), ("x-amz-decoded-content-length", "5")]
                let head = request.signed(at: TestClock().now()).head
                let response = try await server.send(raw: Array((head + body).utf8), finishes: true)
                #expect(response.status == 400, "\(body): \(response.text)")
                #expect(response.errorCode == "IncompleteBody", "\(body)")
            }
            #expect(try await server.get("/box/key").status == 404)
        }
    }

    @Test func `documents that are no documents are refused`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let begun = try await server.send(TestRequest("POST", "/box/key", query: [("uploads", "")]))
            let id = try #require(begun.element("UploadId"))
            let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><CompleteMultipartUpload>&a;</CompleteMultipartUpload>"
            let deep = String(repeating: "<CompleteMultipartUpload>", count: 50_000)
            for document in [
                "", "<", "\u{0}", "<CompleteMultipartUpload/>", bomb, deep, "{}",
                "<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>",
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
                "<CompleteMultipartUpload><Part><PartNumber>1st</PartNumber><ETag>x</ETag></Part>"
                    + "</CompleteMultipartUpload>",
            ] {
                let response = try await server.send(
                    TestRequest("POST", "/box/key", query: [("uploadId", id)], body: Array(document.utf8))
                )
                #expect(response.status == 400, "\(document.prefix(60)): \(response.text)")
                #expect(response.errorCode == "MalformedXML", "\(document.prefix(60)): \(response.text)")
            }
            let large = TestRequest(
                "POST",
                "/box/key",
                query: [("uploadId", id)],
                body: [UInt8](repeating: 32, count: (4 << 20) + 1)
            )
            #expect(try await server.send(large).errorCode == "MaxMessageLengthExceeded")
        }
    }

    @Test func `an early refusal leaves the connection fit for the next request or closed`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let now = TestClock().now()
            let small = TestRequest("PUT", "/none/key", body: [UInt8](repeating: 1, count: 1_000))
            let get = TestRequest("GET", "/box/key").signed(at: now).head
            let head = small.signed(at: now).head
            let bodies = try await RawConnection.with(port: server.port) { connection in
                connection.send(Array(head.utf8) + small.body + Array(get.utf8))
                return [try connection.readResponse(), try connection.readResponse()]
            }
            #expect(bodies[0].errorCode == "NoSuchBucket")
            #expect(bodies[1].text == "hello")
            var large = TestRequest("PUT", "/none/key")
            large.payloadHash = "UNSIGNED-PAYLOAD"
            large.contentLength = "1000000"
            let largeHead = large.signed(at: now).head
            let (refusal, isClosed) = try await RawConnection.with(port: server.port) { connection in
                connection.send(largeHead)
                return (try connection.readResponse(), connection.isClosedByPeer())
            }
            #expect(refusal.errorCode == "NoSuchBucket")
            #expect(isClosed)
        }
    }
}
