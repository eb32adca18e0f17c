// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct CopyTests {
    private static func copy(
        _ server: TestServer,
        _ source: String,
        to target: String,
        _ headers: [(String, String)] = []
    ) async throws -> RawResponse {
        try await server.send(TestRequest("PUT", target, headers: [("x-amz-copy-source", source)] + headers))
    }

    private static func fill(_ server: TestServer) async throws {
        try await server.makeBucket("from")
        try await server.makeBucket("into")
        try await server.put(
            "/from/a%20%C3%BC",
            "hello",
            headers: [
                ("Content-Type", "text/plain"), ("x-amz-meta-a", "1"), ("x-amz-tagging", "t=1"),
                ("x-amz-storage-class", "GLACIER"), ("x-amz-website-redirect-location", "/x"),
            ]
        )
    }

    @Test func `a copy keeps metadata and tags but neither class nor redirect`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            for source in ["/from/a%20%C3%BC", "from/a%20%C3%BC", "from/a%20%C3%BC?versionId=null"] {
                let response = try await Self.copy(server, source, to: "/into/copy")
                #expect(response.status == 200, "\(response.text)")
                #expect(response.text.contains("<CopyObjectResult"))
                #expect(response.element("ETag") == "&quot;5d41402abc4b2a76b9719d911017c592&quot;")
                #expect(response.element("LastModified")?.hasSuffix("Z") == true)
            }
            let copy = try await server.get("/into/copy")
            #expect(copy.text == "hello")
            #expect(copy.header("content-type") == "text/plain")
            #expect(copy.header("x-amz-meta-a") == "1")
            #expect(copy.header("x-amz-tagging-count") == "1")
            #expect(copy.header("x-amz-storage-class") == nil)
            #expect(copy.header("x-amz-website-redirect-location") == nil)
        }
    }

    @Test func `a copy may replace metadata and tags apart`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let replaced = [
                ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-b", "2"), ("Content-Type", "image/png"),
                ("x-amz-storage-class", "STANDARD_IA"),
            ]
            #expect(try await Self.copy(server, "/from/a%20%C3%BC", to: "/into/copy", replaced).status == 200)
            let copy = try await server.get("/into/copy")
            #expect(copy.header("content-type") == "image/png")
            #expect(copy.header("x-amz-meta-a") == nil)
            #expect(copy.header("x-amz-meta-b") == "2")
            #expect(copy.header("x-amz-tagging-count") == "1")
            #expect(copy.header("x-amz-storage-class") == "STANDARD_IA")
            let tags = [("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "u=1&v=2")]
            #expect(try await Self.copy(server, "/from/a%20%C3%BC", to: "/into/copy", tags).status == 200)
            let second = try await server.get("/into/copy")
            #expect(second.header("x-amz-tagging-count") == "2")
            #expect(second.header("x-amz-meta-a") == "1")
        }
    }

    @Test func `a copy can be given another checksum`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let response = try await Self.copy(
                server,
                "/from/a%20%C3%BC",
                to: "/into/copy",
                [("x-amz-checksum-algorithm", "SHA256")]
            )
            #expect(response.element("ChecksumSHA256") == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
            #expect(response.element("ChecksumType") == "FULL_OBJECT")
            #expect(try await server.get("/into/copy").text == "hello")
        }
    }

    @Test func `an object is copied onto itself only to change it`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("from")
            try await server.put("/from/key", "hello")
            let refused = try await Self.copy(server, "/from/key", to: "/from/key")
            #expect(refused.status == 400)
            #expect(refused.errorCode == "InvalidRequest")
            let changed = [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-a", "1")]
            #expect(try await Self.copy(server, "/from/key", to: "/from/key", changed).status == 200)
            #expect(try await server.get("/from/key").header("x-amz-meta-a") == "1")
            let classed = [("x-amz-storage-class", "STANDARD_IA")]
            #expect(try await Self.copy(server, "/from/key", to: "/from/key", classed).status == 200)
            let changedClass = try await server.get("/from/key")
            #expect(changedClass.header("x-amz-storage-class") == "STANDARD_IA")
            #expect(changedClass.text == "hello")
        }
    }

    @Test func `copies are refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let table: [(source: String, headers: [(String, String)], status: Int, code: String)] = [
                ("from", [], 400, "InvalidArgument"),
                ("/from/", [], 400, "InvalidArgument"),
                ("/from/%zz", [], 400, "InvalidArgument"),
                ("/none/key", [], 404, "NoSuchBucket"),
                ("/from/none", [], 404, "NoSuchKey"),
                ("/from/a%20%C3%BC?versionId=3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY", [], 404, "NoSuchVersion"),
                ("/from/a%20%C3%BC", [("x-amz-metadata-directive", "KEEP")], 400, "InvalidArgument"),
                ("/from/a%20%C3%BC", [("x-amz-copy-source-if-match", "\"x\"")], 412, "PreconditionFailed"),
                (
                    "/from/a%20%C3%BC", [("x-amz-copy-source-if-none-match", "\"5d41402abc4b2a76b9719d911017c592\"")],
                    412,
                    "PreconditionFailed"
                ),
                (
                    "/from/a%20%C3%BC", [("x-amz-copy-source-if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
                    412,
                    "PreconditionFailed"
                ),
                ("/from/a%20%C3%BC", [("x-amz-source-expected-bucket-owner", "1")], 403, "AccessDenied"),
                ("/from/a%20%C3%BC", [("If-Match", "\"5d41402abc4b2a76b9719d911017c592\"")], 404, "NoSuchKey"),
                ("/from/a%20%C3%BC", [("x-amz-checksum-algorithm", "CRC16")], 400, "InvalidRequest"),
            ]
            for row in table {
                let response = try await Self.copy(server, row.source, to: "/into/new", row.headers)
                #expect(response.status == row.status, "\(row.source) \(row.headers): \(response.text)")
                #expect(response.errorCode == row.code, "\(row.source) \(row.headers): \(response.text)")
            }
            let both = [
                ("x-amz-copy-source-if-match", "\"5d41402abc4b2a76b9719d911017c592\""),
                ("x-amz-copy-source-if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ]
            #expect(try await Self.copy(server, "/from/a%20%C3%BC", to: "/into/new", both).status == 200)
        }
    }
}
