// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

@testable import S3Server

@Suite struct HeaderParsingTests {
    @Test(arguments: [
        ("", []), ("a=1", ["a=1"]), ("b=2&a=1", ["a=1", "b=2"]), ("a", ["a="]), ("a=", ["a="]), ("a=b=c", ["a=b=c"]),
        ("a+b=c%26d", ["a b=c&d"]), ("%C3%BC=1", ["ü=1"]), ("&a=1&", ["a=1"]),
    ])
    func `tags are read and sorted`(text: String, expected: [String]) throws {
        #expect(try TagHeader.parse(text).map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test(arguments: [
        ("a=1&a=2", S3ErrorCode.invalidTag), ("=1", .invalidTag), ("aws:x=1", .invalidTag), ("%zz=1", .invalidArgument),
        ("%ff=1", .invalidArgument), (String(repeating: "k", count: 129), .invalidTag),
        ("k=" + String(repeating: "v", count: 257), .invalidTag),
        ((0..<11).map { "k\($0)=v" }.joined(separator: "&"), .badRequest),
    ])
    func `tags outside the rules are refused`(text: String, code: S3ErrorCode) {
        #expect(throws: S3Error(code)) { try TagHeader.parse(text) }
    }

    @Test(arguments: [
        ("null", true), ("3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY", false), ("0123456789abcdef", false),
    ])
    func `only null names a version`(text: String, expected: Bool) throws {
        #expect(try VersionID.isNull(text) == expected)
    }

    @Test(arguments: [
        "", "short", "has space in the middle", "0123456789abcde\u{0}", String(repeating: "v", count: 1_025),
    ])
    func `what can't be a version id is refused`(text: String) {
        #expect(throws: S3Error(.invalidArgument)) { try VersionID.isNull(text) }
    }

    @Test func `a header's value holds no control bytes`() {
        #expect(HeaderText.isSafe("plain, \t tab and ü"))
        #expect(!HeaderText.isSafe("a\r\nb"))
        #expect(!HeaderText.isSafe("a\u{7F}"))
        #expect(!HeaderText.isSafe("\u{0}"))
    }

    @Test func `each bucket configuration has one row`() {
        let rows = BucketConfigurationRow.all.map(\.subresource)
        #expect(Set(rows).count == rows.count)
        #expect(rows.allSatisfy { $0.exists(onObject: false) })
        #expect(ObjectViewRow.all.allSatisfy { $0.subresource.exists(onObject: true) })
    }

    @Test func `every sub-resource has a row or a route`() {
        let routed: Set<S3Subresource> = [.location, .uploads, .delete, .uploadId]
        for subresource in S3Subresource.allCases where !routed.contains(subresource) {
            if subresource.exists(onObject: false) {
                #expect(BucketConfigurationRow.of(subresource) != nil, "\(subresource)")
            }
            if subresource.exists(onObject: true) { #expect(ObjectViewRow.of(subresource) != nil, "\(subresource)") }
        }
    }

    @Test func `checksum headers come apart from the others`() {
        let headers = S3Headers([("x-amz-checksum-crc32", "AAAA"), ("host", "h"), ("x-amz-checksum-type", "COMPOSITE")])
        #expect(headers.checksums.count == 2)
        #expect(headers.withoutChecksums.count == 1)
        #expect(headers.withoutChecksums.has("host"))
    }
}
