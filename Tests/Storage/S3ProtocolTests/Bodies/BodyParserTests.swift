// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

@Suite struct BodyParserTests {
    private static let hex = "00112233445566778899aabbccddeeff"

    private func delete(_ inner: String) throws -> DeleteDocument {
        try S3XML.parseDelete(Array("<Delete>\(inner)</Delete>".utf8))
    }

    private func complete(_ inner: String) throws -> [CompletedPart] {
        let text = "<CompleteMultipartUpload>\(inner)</CompleteMultipartUpload>"
        return try S3XML.parseCompleteUpload(Array(text.utf8), uploadID: "u")
    }

    @Test func `a deletion lists keys, versions and conditions`() throws {
        let document = try delete(
            "<Quiet>TRUE</Quiet><Object><Key> a&amp;b </Key></Object><Object><Key>k</Key><VersionId>null</VersionId>"
                + "<ETag>&quot;\(Self.hex)&quot;</ETag><Size> 5 </Size>"
                + "<LastModifiedTime>2026-01-02T03:04:05Z</LastModifiedTime></Object>"
        )
        #expect(document.isQuiet)
        #expect(document.entries.map { String(decoding: $0.key, as: UTF8.self) } == [" a&b ", "k"])
        #expect(document.entries[0].condition == .none && document.entries[0].versionID == nil)
        #expect(document.entries[1].versionID == "null")
        #expect(document.entries[1].condition.ifMatchSize == 5)
        #expect(document.entries[1].condition.ifMatchLastModified == Timestamp(seconds: 1_767_323_045))
        #expect(document.entries[1].condition.ifMatch != nil)
    }

    @Test(arguments: [
        "", "<Object/>", "<Object><Key/></Object>", "<Object><Key>k</Key><Size>-1</Size></Object>",
        "<Object><Key>k</Key><LastModifiedTime>now</LastModifiedTime></Object>",
        "<Object><Key>k</Key></Object><Quiet>perhaps</Quiet>", "<Object><Key>k</Object>",
    ])
    func `a deletion that is wrong is malformed`(_ inner: String) {
        #expect(throws: S3Error(.malformedXML)) { try delete(inner) }
    }

    @Test func `a deletion has at most 1,000 keys`() throws {
        let one = "<Object><Key>k</Key></Object>"
        #expect(try delete(String(repeating: one, count: 1_000)).entries.count == 1_000)
        #expect(throws: S3Error(.malformedXML)) { try delete(String(repeating: one, count: 1_001)) }
        #expect(throws: S3Error(.malformedXML)) {
            try delete("<Object><Key>" + String(repeating: "k", count: 2 << 20) + "</Key></Object>")
        }
    }

    @Test func `a completion lists its parts as they came`() throws {
        let parts = try complete(
            "<Part><PartNumber>2</PartNumber><ETag>&quot;\(Self.hex)&quot;</ETag></Part>"
                + "<Part><ETag>\(Self.hex)</ETag><PartNumber> 1 </PartNumber><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
        )
        #expect(parts.map(\.number) == [2, 1])
        #expect(parts.map(\.etag.string) == [Self.hex, Self.hex])
        #expect(parts[0].checksum == nil)
        #expect(parts[1].checksum == ChecksumValue(algorithm: .crc32, bytes: [0, 0, 0, 0]))
    }

    @Test(arguments: [
        ("", S3ErrorCode.malformedXML), ("<Part/>", .malformedXML),
        ("<Part><PartNumber>1</PartNumber></Part>", .malformedXML),
        ("<Part><PartNumber>x</PartNumber><ETag>\(hex)</ETag></Part>", .malformedXML),
        ("<Part><PartNumber>1</PartNumber><ETag/></Part>", .malformedXML),
        ("<Part><PartNumber>0</PartNumber><ETag>\(hex)</ETag></Part>", .invalidArgument),
        ("<Part><PartNumber>10001</PartNumber><ETag>\(hex)</ETag></Part>", .invalidArgument),
        ("<Part><PartNumber>1</PartNumber><ETag>junk</ETag></Part>", .invalidPart),
        (
            "<Part><PartNumber>1</PartNumber><ETag>\(hex)</ETag><ChecksumCRC32>AA==</ChecksumCRC32></Part>",
            .invalidArgument
        ),
    ])
    func `a completion that is wrong is refused`(_ inner: String, _ code: S3ErrorCode) {
        #expect(throws: S3Error(code)) { try complete(inner) }
    }

    @Test func `a bucket's location is read`() throws {
        func location(_ text: String) throws -> String? { try S3XML.parseCreateBucket(Array(text.utf8)) }
        #expect(try location("") == nil)
        #expect(try location("<CreateBucketConfiguration/>") == nil)
        let inner = "<LocationConstraint> eu-central-1\n</LocationConstraint>"
        #expect(try location("<CreateBucketConfiguration>\(inner)</CreateBucketConfiguration>") == "eu-central-1")
        #expect(throws: S3Error(.malformedXML)) { try location("<Other/>") }
        #expect(throws: S3Error(.malformedXML)) { try location("x") }
        #expect(throws: S3Error(.notImplemented)) {
            try location("<CreateBucketConfiguration><Bucket/></CreateBucketConfiguration>")
        }
    }
}
