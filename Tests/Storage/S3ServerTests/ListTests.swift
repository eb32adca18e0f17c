// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct ListTests {
    private static let keys = ["a/1", "a/2", "b", "c/d/e", "c/f", "foo%2B1/bar", "foo/bar", "%01", "z%20%26"]

    private static func fill(_ server: TestServer) async throws {
        try await server.makeBucket("box")
        for key in keys { try await server.put("/box/\(key)", "x") }
    }

    @Test func `keys come in byte order with all that is known of them`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let list = try await server.get(
                "/box",
                query: [("list-type", "2"), ("encoding-type", "url"), ("fetch-owner", "true")]
            )
            #expect(list.status == 200)
            #expect(
                list.elements("Key") == [
                    "%01", "a/1", "a/2", "b", "c/d/e", "c/f", "foo%2B1/bar", "foo/bar", "z%20%26",
                ]
            )
            #expect(list.element("KeyCount") == "9")
            #expect(list.element("IsTruncated") == "false")
            #expect(list.element("EncodingType") == "url")
            #expect(list.element("Name") == "box")
            #expect(list.element("Prefix") == "")
            #expect(list.element("Delimiter") == nil)
            #expect(list.element("ETag") == "&quot;9dd4e461268c8034f5c8564e155c67a6&quot;")
            #expect(list.element("Size") == "1")
            #expect(list.element("StorageClass") == "STANDARD")
            #expect(list.element("ChecksumAlgorithm") == "CRC64NVME")
            #expect(list.elements("ID").count == 9)
            let plain = try await server.get("/box", query: [("list-type", "2")])
            #expect(plain.elements("Key").first == "&#x1;")
            #expect(plain.elements("Key").last == "z &amp;")
            #expect(plain.elements("ID").isEmpty)
        }
    }

    @Test func `prefix and delimiter group`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let table: [(query: [(String, String)], keys: [String], prefixes: [String])] = [
                (
                    [("delimiter", "/"), ("prefix", "")], ["&#x1;", "b", "z &amp;"], ["", "a/", "c/", "foo+1/", "foo/"]
                ),
                ([("delimiter", "/"), ("prefix", "c/")], ["c/f"], ["c/", "c/d/"]),
                (
                    [("delimiter", "o+")], ["&#x1;", "a/1", "a/2", "b", "c/d/e", "c/f", "foo/bar", "z &amp;"],
                    ["", "foo+"]
                ),
                ([("prefix", "zz")], [], ["zz"]),
                (
                    [("delimiter", "")],
                    ["&#x1;", "a/1", "a/2", "b", "c/d/e", "c/f", "foo+1/bar", "foo/bar", "z &amp;"], [""]
                ),
            ]
            for row in table {
                for version in ["1", "2"] {
                    let query = row.query + (version == "2" ? [("list-type", "2")] : [])
                    let list = try await server.get("/box", query: query)
                    #expect(list.elements("Key") == row.keys, "\(query)")
                    // The first Prefix element is the echo of the request's.
                    #expect(list.elements("Prefix") == row.prefixes, "\(query)")
                }
            }
        }
    }

    @Test func `version 2 pages by token`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            var found: [String] = []
            var token: String?
            var pages = 0
            repeat {
                var query = [("list-type", "2"), ("max-keys", "2"), ("delimiter", "/"), ("encoding-type", "url")]
                if let token { query.append(("continuation-token", token)) }
                let page = try await server.get("/box", query: query)
                #expect(page.elements("ContinuationToken").first == token)
                found += page.elements("Key") + page.elements("Prefix").dropFirst()
                token = page.element("NextContinuationToken")
                #expect(page.element("IsTruncated") == (token == nil ? "false" : "true"))
                pages += 1
            } while token != nil && pages < 10
            #expect(pages == 4)
            #expect(Set(found) == ["%01", "a/", "b", "c/", "foo%2B1/", "foo/", "z%20%26"])
            #expect(found.count == 7)
            let after = try await server.get("/box", query: [("list-type", "2"), ("start-after", "foo/bar")])
            #expect(after.elements("Key") == ["z &amp;"])
            #expect(after.element("StartAfter") == "foo/bar")
        }
    }

    @Test func `version 1 pages by marker`() async throws {
        try await TestServer.with { server in
            try await Self.fill(server)
            let first = try await server.get("/box", query: [("max-keys", "3"), ("delimiter", "/")])
            #expect(first.element("NextMarker") == "b")
            #expect(first.element("Marker") == "")
            #expect(first.element("MaxKeys") == "3")
            let second = try await server.get("/box", query: [("marker", "c/"), ("delimiter", "/")])
            #expect(second.elements("Prefix") == ["", "foo+1/", "foo/"])
            let flat = try await server.get("/box", query: [("max-keys", "1")])
            #expect(flat.element("NextMarker") == nil)
            #expect(flat.element("IsTruncated") == "true")
            let none = try await server.get("/box", query: [("max-keys", "0")])
            #expect(none.elements("Key").isEmpty)
            #expect(none.element("IsTruncated") == "false")
            #expect(try await server.get("/box", query: [("max-keys", "5000")]).element("MaxKeys") == "1000")
            #expect(try await server.get("/box", query: [("marker", "a/2")]).elements("Key").first == "b")
        }
    }

    @Test func `listings are refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let table: [[(String, String)]] = [
                [("max-keys", "-1")], [("max-keys", "many")], [("max-keys", "99999999999")],
                [("encoding-type", "base64")],
                [("list-type", "2"), ("continuation-token", "%%%")], [("uploads", ""), ("max-uploads", "x")],
            ]
            for query in table {
                let response = try await server.get("/box", query: query)
                #expect(response.status == 400, "\(query)")
                #expect(response.errorCode == "InvalidArgument", "\(query)")
                #expect(response.element("ArgumentName") != nil)
            }
        }
    }
}
