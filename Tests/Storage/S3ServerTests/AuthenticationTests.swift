// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct AuthenticationTests {
    private struct Case {
        var name: String
        var status: Int
        var code: String
        var change: @Sendable (inout TestRequest) -> Void
    }

    @Test func `a request signed wrongly in its header is refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let clock = TestClock()
            let cases = [
                Case(name: "wrong secret", status: 403, code: "SignatureDoesNotMatch") {
                    $0.adjust = { $0.secretKey = "wrong" }
                },
                Case(name: "unknown key", status: 403, code: "InvalidAccessKeyId") {
                    $0.adjust = { $0.accessKey = "AKIANOBODY" }
                },
                Case(name: "inactive key", status: 403, code: "InvalidAccessKeyId") {
                    $0.adjust = { $0.accessKey = "AKIAINACTIVE" }
                },
                Case(name: "date in the future", status: 403, code: "RequestTimeTooSkewed") {
                    $0.adjust = { $0 = TestSigner(now: clock.now().advanced(bySeconds: 1_000)) }
                },
                Case(name: "date in the past", status: 403, code: "RequestTimeTooSkewed") {
                    $0.adjust = { $0 = TestSigner(now: clock.now().advanced(bySeconds: -1_000)) }
                },
                Case(name: "year 2199", status: 403, code: "RequestTimeTooSkewed") {
                    $0.adjust = {
                        $0.date = "21991231T235959Z"
                        $0.scopeDay = "21991231"
                    }
                },
                Case(name: "unreadable date", status: 403, code: "AccessDenied") { $0.adjust = { $0.date = "today" } },
                Case(name: "another day in the scope", status: 400, code: "AuthorizationHeaderMalformed") {
                    $0.adjust = { $0.scopeDay = "20200101" }
                },
                Case(name: "another service", status: 400, code: "AuthorizationHeaderMalformed") {
                    $0.adjust = { $0.service = "ec2" }
                },
                Case(name: "another terminal", status: 400, code: "AuthorizationHeaderMalformed") {
                    $0.adjust = { $0.terminal = "aws3_request" }
                },
                Case(name: "unsigned amazon header", status: 403, code: "AccessDenied") {
                    $0.unsignedHeaders = [("x-amz-meta-sneaked", "in")]
                },
                Case(name: "payload hash of something else", status: 400, code: "InvalidArgument") {
                    $0.payloadHash = "abc"
                },
                Case(name: "second signature in the query", status: 400, code: "InvalidArgument") {
                    $0.query = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256")]
                },
                Case(name: "session token on a permanent key", status: 400, code: "InvalidToken") {
                    $0.headers = [("x-amz-security-token", "token")]
                },
            ]
            for testCase in cases {
                var request = TestRequest("GET", "/box/key")
                testCase.change(&request)
                let response = try await server.send(request)
                #expect(response.status == testCase.status, "\(testCase.name): \(response.text)")
                #expect(response.errorCode == testCase.code, "\(testCase.name): \(response.text)")
            }
            // A wrong signature says so even where there is no bucket.
            var request = TestRequest("GET", "/none/key")
            request.adjust = { $0.secretKey = "wrong" }
            #expect(try await server.send(request).errorCode == "SignatureDoesNotMatch")
        }
    }

    @Test(arguments: [
        ("", 403, "AccessDenied"),
        ("AWS HAHAHA", 400, "InvalidArgument"),
        ("Basic abc", 400, "InvalidArgument"),
        ("Bearer abc", 400, "InvalidArgument"),
        ("AWS AKIA:sig", 400, "InvalidRequest"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=x", 400, "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=x", 400, "AuthorizationHeaderMalformed"),
        ("AWS4-ECDSA-P256-SHA256 Credential=a", 501, "NotImplemented"),
    ])
    func `an Authorization header that can't be read is refused`(value: String, status: Int, code: String) async throws
    {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let date = ISO8601.formatBasic(TestClock().now())
            let response = try await server.send(
                TestRequest(
                    "GET",
                    "/box/key",
                    headers: [("Authorization", value), ("x-amz-date", date)],
                    signing: .none
                )
            )
            #expect(response.status == status, "\(response.text)")
            #expect(response.errorCode == code)
        }
    }

    @Test func `a URL can carry the signature`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let put = try await server.send(
                TestRequest("PUT", "/box/a%20b", body: Array("hello".utf8), signing: .query(expires: "60"))
            )
            #expect(put.status == 200, "\(put.text)")
            let get = try await server.send(
                TestRequest(
                    "GET",
                    "/box/a%20b",
                    query: [("response-content-type", "text/x")],
                    signing: .query(expires: "604800")
                )
            )
            #expect(get.status == 200)
            #expect(get.text == "hello")
            #expect(get.header("content-type") == "text/x")
            // SDKs move headers into the URL: they count as headers.
            let hoisted = try await server.send(
                TestRequest(
                    "PUT",
                    "/box/hoisted",
                    query: [("x-amz-meta-a", "1"), ("x-amz-storage-class", "STANDARD_IA")],
                    body: [1],
                    signing: .query(expires: "60")
                )
            )
            #expect(hoisted.status == 200)
            let stored = try await server.get("/box/hoisted")
            #expect(stored.header("x-amz-meta-a") == "1")
            #expect(stored.header("x-amz-storage-class") == "STANDARD_IA")
            let refused = try await server.send(
                TestRequest(
                    "PUT",
                    "/box/locked",
                    query: [("x-amz-object-lock-mode", "COMPLIANCE")],
                    body: [1],
                    signing: .query(expires: "60")
                )
            )
            #expect(refused.status == 501)
            // Without a signature the same parameters mean nothing.
            let ignored = try await server.send(
                TestRequest("PUT", "/box/plain", query: [("x-amz-meta-a", "1")], body: [1])
            )
            #expect(ignored.status == 200)
            #expect(try await server.get("/box/plain").header("x-amz-meta-a") == nil)
        }
    }

    @Test func `a presigned URL is refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let clock = TestClock()
            let cases: [(expires: String, status: Int, code: String, adjust: @Sendable (inout TestSigner) -> Void)] = [
                ("0", 400, "AuthorizationQueryParametersError", { _ in }),
                ("-1", 400, "AuthorizationQueryParametersError", { _ in }),
                ("604801", 400, "AuthorizationQueryParametersError", { _ in }),
                ("soon", 400, "AuthorizationQueryParametersError", { _ in }),
                ("", 400, "AuthorizationQueryParametersError", { _ in }),
                ("60", 403, "AccessDenied", { $0 = TestSigner(now: clock.now().advanced(bySeconds: -120)) }),
                ("60", 403, "AccessDenied", { $0 = TestSigner(now: clock.now().advanced(bySeconds: 1_000)) }),
                ("60", 403, "SignatureDoesNotMatch", { $0.secretKey = "wrong" }),
                ("60", 403, "InvalidAccessKeyId", { $0.accessKey = "AKIANOBODY" }),
                ("60", 400, "AuthorizationQueryParametersError", { $0.scopeDay = "20200101" }),
                ("60", 400, "AuthorizationQueryParametersError", { $0.date = "today" }),
            ]
            for row in cases {
                var request = TestRequest("GET", "/box/key", signing: .query(expires: row.expires))
                request.adjust = row.adjust
                let response = try await server.send(request)
                #expect(response.status == row.status, "\(row.expires): \(response.text)")
                #expect(response.errorCode == row.code, "\(row.expires): \(response.text)")
            }
        }
    }

    @Test func `the body must be what was signed`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            var request = TestRequest("PUT", "/box/key", body: Array("hello".utf8))
            request.payloadHash = TestSigner.emptyHash
            let response = try await server.send(request)
            #expect(response.status == 400)
            #expect(response.errorCode == "XAmzContentSHA256Mismatch")
            #expect(response.element("ClientComputedContentSHA256") == TestSigner.emptyHash)
            request.payloadHash = "UNSIGNED-PAYLOAD"
            #expect(try await server.send(request).status == 200)
            var list = TestRequest("POST", "/box", query: [("delete", "")], body: Array("<Delete/>".utf8))
            list.headers = [("Content-MD5", "Zd8bJ2Umx5YR9ZjgxXsXxA==")]
            list.payloadHash = TestSigner.emptyHash
            #expect(try await server.send(list).errorCode == "XAmzContentSHA256Mismatch")
        }
    }

    @Test func `a bucket can be addressed by host name`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            func send(_ method: String, _ path: String, host: String, body: [UInt8] = []) async throws -> RawResponse {
                var request = TestRequest(method, path, body: body)
                request.host = host
                return try await server.send(request)
            }
            #expect(try await send("PUT", "/a/b", host: "box.s3.example.test:9000", body: [1]).status == 200)
            #expect(try await server.get("/box/a/b").body == [1])
            #expect(try await send("GET", "/a/b", host: "BOX.s3.example.test").body == [1])
            #expect(try await send("GET", "/", host: "box.s3.example.test").element("Key") == "a/b")
            #expect(try await send("GET", "/box/a/b", host: "s3.example.test").body == [1])
            #expect(try await send("GET", "/a/b", host: "other.s3.example.test").errorCode == "NoSuchBucket")
            #expect(try await send("PUT", "/", host: "dots.in.name.s3.example.test").status == 200)
        }
    }
}
