// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct ContinueTests {
    private static let content = Array("hello".utf8)

    private static func ask(_ server: TestServer, _ request: TestRequest) async throws -> (
        first: RawResponse, final: RawResponse?
    ) {
        var request = request
        request.headers.append(("Expect", "100-continue"))
        if request.contentLength == nil { request.contentLength = "5" }
        if request.payloadHash == nil { request.payloadHash = "UNSIGNED-PAYLOAD" }
        let head = request.signed(at: TestClock().now()).head
        return try await RawConnection.with(port: server.port) { connection in
            connection.send(head)
            let first = try connection.readResponse()
            guard first.status == 100 else { return (first, nil) }
            connection.send(content)
            return (first, try connection.readResponse())
        }
    }

    @Test func `an authorised upload is asked to go on`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let (first, final) = try await Self.ask(server, TestRequest("PUT", "/box/key"))
            #expect(first.status == 100)
            #expect(final?.status == 200)
            #expect(try await server.get("/box/key").body == Self.content)
        }
    }

    @Test func `what headers can refuse is refused before the body is asked for`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/there", "x")
            var unsigned = TestRequest("PUT", "/box/key", signing: .none)
            unsigned.headers = []
            var wrong = TestRequest("PUT", "/box/key")
            wrong.adjust = { $0.secretKey = "wrong" }
            var large = TestRequest("PUT", "/box/key")
            large.contentLength = "5368709121"
            let unknown = String(repeating: "0", count: 32)
            let table: [(TestRequest, Int, String)] = [
                (unsigned, 403, "AccessDenied"),
                (wrong, 403, "SignatureDoesNotMatch"),
                (TestRequest("PUT", "/none/key"), 404, "NoSuchBucket"),
                (large, 400, "EntityTooLarge"),
                (TestRequest("PUT", "/box/there", headers: [("If-None-Match", "*")]), 412, "PreconditionFailed"),
                (TestRequest("PUT", "/box/none", headers: [("If-Match", "*")]), 404, "NoSuchKey"),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-server-side-encryption", "AES256")]), 501,
                    "NotImplemented"
                ),
                (TestRequest("PUT", "/box/key", headers: [("Content-MD5", "short")]), 400, "InvalidDigest"),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-storage-class", "PAPER")]), 400,
                    "InvalidStorageClass"
                ),
                (
                    TestRequest("PUT", "/box/key", query: [("partNumber", "1"), ("uploadId", unknown)]), 404,
                    "NoSuchUpload"
                ),
                (
                    TestRequest("PUT", "/box/key", query: [("partNumber", "0"), ("uploadId", unknown)]), 400,
                    "InvalidArgument"
                ),
            ]
            for (request, status, code) in table {
                let (first, _) = try await Self.ask(server, request)
                #expect(first.status == status, "\(request.path) \(request.headers): \(first.status) \(first.text)")
                #expect(first.errorCode == code, "\(request.path) \(request.headers): \(first.text)")
            }
        }
    }
}
