// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import Testing

@Suite struct CopySourceTests {
    @Test(
        arguments: [
            ("bucket/key", "bucket", "key", nil), ("/bucket/key", "bucket", "key", nil),
            ("bucket%2Fkey", "bucket", "key", nil), ("%2Fbucket%2Fa%20b", "bucket", "a b", nil),
            ("bucket/a/b//c", "bucket", "a/b//c", nil), ("bucket/a+b", "bucket", "a+b", nil),
            ("bucket/key?versionId=v1", "bucket", "key", "v1"), ("bucket/a?b", "bucket", "a?b", nil),
            ("bucket/a?versionId=x?versionId=y", "bucket", "a?versionId=x", "y"),
            ("bucket/%3FversionId=1", "bucket", "?versionId=1", nil),
        ] as [(String, String, String, String?)]
    )
    func `a copy source is read`(_ header: String, _ bucket: String, _ key: String, _ version: String?) throws {
        let source = try CopySource(parsing: header)
        #expect(source.bucket == bucket)
        #expect(source.key == Array(key.utf8))
        #expect(source.versionID == version)
    }

    @Test(arguments: [
        "", "/", "bucket", "bucket/", "/bucket/", "//key", "bucket/%", "bucket/%FF", "bucket/key?versionId=",
    ])
    func `a copy source that is none is refused`(_ header: String) {
        let error = #expect(throws: S3Error.self) { try CopySource(parsing: header) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.extra("ArgumentName") == "x-amz-copy-source")
    }

    @Test func `a key that is too long is told so`() {
        #expect(throws: S3Error(.keyTooLongError)) {
            try CopySource(parsing: "bucket/" + String(repeating: "a", count: 1_025))
        }
    }

    @Test func `header lines are bounded, lower case and trimmed`() {
        var headers = S3Headers()
        for number in 0..<S3Headers.lineCountMax { headers.append("X-\(number)", " \tv\(number) ") }
        #expect(headers.first(named: "x-0") == "v0")
        #expect(!headers.isOverfull)
        headers.append("x", "y")
        #expect(headers.isOverfull)
        #expect(headers.count == S3Headers.lineCountMax)
    }

    @Test func `several lines of a name are joined`() {
        let headers = S3Headers([("A", "1"), ("b", "2"), ("a", "3")])
        #expect(headers.joined("a") == "1,3")
        #expect(headers.first("a") == "1")
        #expect(headers.count(of: "a") == 2)
        #expect(headers.first("b", equals: "2") && !headers.first("b", equals: "22"))
        #expect(headers.joined("c") == nil)
    }
}
