// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import Testing

@Suite struct S3TargetTests {
    private func parse(
        _ path: String,
        query: String? = nil,
        host: String? = nil,
        domains: [String] = []
    ) throws -> S3Target {
        try S3Target.parse(rawPath: path, rawQuery: query, host: host, baseDomains: domains)
    }

    @Test(
        arguments: [
            ("/", nil, nil), ("/bucket", "bucket", nil), ("/bucket/", "bucket", nil), ("/bucket/key", "bucket", "key"),
            ("/bucket//key", "bucket", "/key"), ("/bucket/a//b/", "bucket", "a//b/"),
            ("/bucket/a%2Fb", "bucket", "a/b"),
            ("/bucket/a%252Fb", "bucket", "a%2Fb"), ("/bucket/../x", "bucket", "../x"),
            ("/bucket/./x", "bucket", "./x"),
            ("/bucket/%2E%2E/x", "bucket", "../x"), ("/bucket/a+b", "bucket", "a+b"),
            ("/bucket/a%20b", "bucket", "a b"),
            ("/bucket/a%00b", "bucket", "a\u{0}b"), ("/bucket/%E6%97%A5", "bucket", "日"), ("/bucket/日", "bucket", "日"),
            ("/b%75cket/k", "bucket", "k"), ("//key", "", "key"), ("/bucket/a?b", "bucket", "a?b"), ("//", "", nil),
        ] as [(String, String?, String?)]
    )
    func `a path is split and decoded once`(_ path: String, _ bucket: String?, _ key: String?) throws {
        let target = try parse(path)
        #expect(target.bucket == bucket)
        #expect(target.key == key.map { Array($0.utf8) })
        #expect(!target.isVirtualHosted)
    }

    @Test(arguments: [
        "", "bucket", "*", "http://host/bucket", "/bucket/%", "/bucket/%4", "/bucket/%GG", "/bucket/%FF",
        "/bucket/%C3", "/bucket/%C0%80", "/bucket/%ED%A0%80", "/%FF/key", "/%zz",
    ])
    func `a path that can't be decoded is an invalid URI`(_ path: String) {
        let error = #expect(throws: S3Error.self) { try parse(path) }
        #expect(error?.code == .invalidURI)
        #expect(error?.extra("URI") == path)
    }

    @Test func `a key above 1,024 bytes is refused`() throws {
        _ = try parse("/bucket/" + String(repeating: "%61", count: 1_024))
        let error = #expect(throws: S3Error.self) { try parse("/bucket/" + String(repeating: "a", count: 1_025)) }
        #expect(error?.code == .keyTooLongError)
        #expect(error?.extra("Size") == "1025")
        #expect(error?.extra("MaxSizeAllowed") == "1024")
    }

    @Test(
        arguments: [
            ("bucket.s3.local", "/", "bucket", nil), ("bucket.s3.local:9000", "/key", "bucket", "key"),
            ("BUCKET.S3.Local", "/a/b", "bucket", "a/b"),
            ("my.dotted.bucket.s3.local.", "/key", "my.dotted.bucket", "key"),
            ("bucket.s3.local", "//key", "bucket", "/key"), ("s3.local", "/bucket/key", "bucket", "key"),
            ("xs3.local", "/bucket/key", "bucket", "key"), (".s3.local", "/bucket/key", "bucket", "key"),
            ("other.example", "/bucket/key", "bucket", "key"), ("[::1]:9000", "/bucket/key", "bucket", "key"),
            ("127.0.0.1", "/bucket/key", "bucket", "key"), (nil, "/bucket/key", "bucket", "key"),
            ("bucket.second.example", "/key", "bucket", "key"),
        ] as [(String?, String, String, String?)]
    )
    func `a host below a base domain names the bucket`(
        _ host: String?,
        _ path: String,
        _ bucket: String,
        _ key: String?
    )
        throws
    {
        let target = try parse(path, host: host, domains: ["s3.local", "second.example"])
        #expect(target.bucket == bucket)
        #expect(target.key == key.map { Array($0.utf8) })
    }

    @Test func `no base domain means path style`() throws {
        #expect(try parse("/a/b", host: "bucket.s3.local").bucket == "a")
    }

    @Test func `random paths are read or refused without harm`() {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<5_000 {
            let bytes = random.mutated(Array("/bucket/a%2Fb%20c//d".utf8), alphabet: Array("%/+?&=".utf8))
            let path = String(decoding: bytes, as: UTF8.self)
            guard let target = try? parse(path, query: path) else { continue }
            #expect(target.key.map { $0.count <= 1_024 && !$0.isEmpty } ?? true)
        }
    }
}
