// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import Testing

@Suite struct S3QueryTests {
    @Test(
        arguments: [
            (nil, []), ("", []), ("acl", [.init(name: "acl", value: nil)]), ("acl=", [.init(name: "acl", value: "")]),
            (
                "a=1&b=2&a=3",
                [.init(name: "a", value: "1"), .init(name: "b", value: "2"), .init(name: "a", value: "3")]
            ),
            ("p=a+b%2Bc%20d", [.init(name: "p", value: "a b+c d")]), ("p=a=b", [.init(name: "p", value: "a=b")]),
            ("&&a&", [.init(name: "a", value: nil)]), ("=x", [.init(name: "", value: "x")]),
            ("p=%00", [.init(name: "p", value: "\u{0}")]), ("p=%C3%A9", [.init(name: "p", value: "é")]),
            ("a%3D=b", [.init(name: "a=", value: "b")]),
        ] as [(String?, [S3Query.Item])]
    )
    func `a query is split and decoded once`(_ raw: String?, _ items: [S3Query.Item]) throws {
        #expect(try S3Query(parsing: raw).items == items)
    }

    @Test(arguments: ["p=%", "p=%4", "p=%GG", "p=%FF", "%FF=p", "p=%C3", "p=%ED%A0%80"])
    func `a query that can't be decoded is an invalid URI`(_ raw: String) {
        #expect(throws: S3Error(.invalidURI)) { try S3Query(parsing: raw) }
    }

    @Test func `the number of parameters is bounded`() throws {
        let most = Array(repeating: "a", count: S3Query.itemCountMax).joined(separator: "&")
        #expect(try S3Query(parsing: most).items.count == S3Query.itemCountMax)
        #expect(throws: S3Error(.invalidURI)) { try S3Query(parsing: most + "&a") }
    }

    @Test func `lookups tell absent from empty`() throws {
        let query = try S3Query(parsing: "acl&prefix=&x=1&x=2")
        #expect(query.has("acl") && query.first("acl")?.isEmpty == true)
        #expect(query.first("prefix")?.isEmpty == true)
        #expect(query.first("x") == "1")
        #expect(query.first("y") == nil && !query.has("ACL"))
    }

    @Test(
        arguments: [
            ("acl", false, S3Subresource.acl), ("acl=", true, .acl), ("policy&acl", false, .acl),
            ("uploads&versions", false, .versions), ("uploadId=1&partNumber=2", true, .uploadId),
            ("tagging&uploadId=1", true, .tagging), ("versions", true, .versions), ("uploadId=1", false, .uploadId),
            ("list-type=2", false, nil), ("", false, nil), ("versionId=1", true, nil), ("ACL", false, nil),
        ] as [(String, Bool, S3Subresource?)]
    )
    func `a sub-resource is chosen by presence and order`(_ raw: String, _ isObject: Bool, _ chosen: S3Subresource?)
        throws
    {
        #expect(S3Subresource.chosen(in: try S3Query(parsing: raw), isObject: isObject) == chosen)
    }

    @Test func `every sub-resource exists somewhere`() {
        for one in S3Subresource.allCases { #expect(one.exists(onObject: true) || one.exists(onObject: false)) }
        #expect(!S3Subresource.versions.exists(onObject: true))
        #expect(!S3Subresource.uploadId.exists(onObject: false))
    }
}
