// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes
import Testing

@Suite struct DeleteObjectsTests {
    private static func delete(
        _ server: TestServer,
        _ document: String,
        headers: [(String, String)]? = nil
    ) async throws -> RawResponse {
        let body = Array(document.utf8)
        let digest = [("Content-MD5", Base64.encode(MD5.hash(body)))]
        return try await server.send(
            TestRequest("POST", "/box", query: [("delete", "")], headers: headers ?? digest, body: body)
        )
    }

    @Test func `listed keys go, found or not`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            for key in ["a", "b", "c%26%3C", "kept"] { try await server.put("/box/\(key)", "x") }
            let response = try await Self.delete(
                server,
                "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a</Key></Object>"
                    + "<Object><Key>none</Key></Object><Object><Key>c&amp;&lt;</Key></Object>"
                    + "<Object><Key>kept</Key><ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></Object>"
                    + "<Object><Key>b</Key><VersionId>null</VersionId></Object></Delete>"
            )
            #expect(response.status == 200, "\(response.text)")
            #expect(response.elements("Key") == ["a", "none", "c&amp;&lt;", "b", "kept"])
            #expect(response.elements("Code") == ["PreconditionFailed"])
            let left = try await server.get("/box")
            #expect(left.elements("Key") == ["kept"])
        }
    }

    @Test func `a quiet answer tells failures only`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/a", "x")
            let long = String(repeating: "k", count: 1_025)
            let response = try await Self.delete(
                server,
                "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>\(long)</Key></Object></Delete>"
            )
            #expect(response.elements("Key") == [long])
            #expect(response.element("Code") == "KeyTooLongError")
            #expect(try await server.get("/box/a").status == 404)
        }
    }

    @Test func `the document must be covered by a digest that fits`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let document = "<Delete><Object><Key>a</Key></Object></Delete>"
            let bytes = Array(document.utf8)
            let table: [(headers: [(String, String)], status: Int, code: String?)] = [
                ([], 400, "InvalidRequest"),
                ([("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")], 400, "BadDigest"),
                ([("Content-MD5", "rubbish")], 400, "InvalidDigest"),
                ([("x-amz-checksum-sha256", Base64.encode(SHA256.hash(bytes).bytes))], 200, nil),
                ([("x-amz-checksum-crc32", "AAAAAA==")], 400, "BadDigest"),
            ]
            for row in table {
                let response = try await Self.delete(server, document, headers: row.headers)
                #expect(response.status == row.status, "\(row.headers): \(response.text)")
                #expect(response.errorCode == row.code)
            }
        }
    }

    @Test func `bad documents are refused whole`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/a", "x")
            let many = String(repeating: "<Object><Key>a</Key></Object>", count: 1_001)
            let bomb =
                "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
                + "<Delete><Object><Key>&b;</Key></Object></Delete>"
            let external =
                "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
                + "<Delete><Object><Key>&a;</Key></Object></Delete>"
            let deep = String(repeating: "<Delete>", count: 10_000)
            for document in [
                "", "<Delete/>", "<Delete></Delete>", "<Delete>\(many)</Delete>",
                "<Other><Object><Key>a</Key></Object></Other>",
                "<Delete><Object><Key>a</Key></Object>", "<Delete><Object></Object></Delete>", "not xml", bomb,
                external, deep,
                "<Delete><Object><Key>a&#0;</Key></Object></Delete>",
                "<Delete><Object><Key>&nbsp;</Key></Object></Delete>",
            ] {
                let response = try await Self.delete(server, document)
                #expect(response.status == 400, "\(document.prefix(80)): \(response.text)")
                #expect(response.errorCode == "MalformedXML", "\(document.prefix(80))")
            }
            let huge = try await Self.delete(server, "<Delete>" + String(repeating: " ", count: 2 << 20))
            #expect(huge.status == 400)
            #expect(try await server.get("/box/a").text == "x")
        }
    }
}
