// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes
import Testing

@Suite struct GoldenBodyTests {
    private static let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    private static let namespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
    private static let quotedTag = "&quot;00112233445566778899aabbccddeeff&quot;"
    private static let ownerText = "<ID>1</ID><DisplayName>one</DisplayName>"
    private let etag = ETag(bytes: (0..<16).map { UInt8($0) * 17 })
    private let time = Timestamp(nanoseconds: 1_767_323_045_006_000_000)
    private let owner = S3Owner(id: "1", displayName: "one")

    private func expect(_ buffer: ByteBuffer, _ root: String, _ inner: String) {
        #expect(String(buffer: buffer) == "\(Self.head)<\(root)\(Self.namespace)>\(inner)</\(root)>")
    }

    @Test func `an upload's answers`() throws {
        let key = try ObjectKey("a&b")
        expect(
            S3XML.initiateUpload(bucket: "bucket", key: key, uploadID: "u"),
            "InitiateMultipartUploadResult",
            "<Bucket>bucket</Bucket><Key>a&amp;b</Key><UploadId>u</UploadId>",
        )
        expect(
            S3XML.completeUpload(location: "http://h/bucket/k", bucket: "bucket", key: key, etag: etag, checksum: nil),
            "CompleteMultipartUploadResult",
            "<Location>http://h/bucket/k</Location><Bucket>bucket</Bucket><Key>a&amp;b</Key><ETag>\(Self.quotedTag)</ETag>",
        )
        let checksum = ChecksumValue(algorithm: .crc32, bytes: [0, 0, 0, 0])
        expect(
            S3XML.copyPart(PartInfo(number: 1, size: 5, etag: etag, lastModified: time, checksum: checksum)),
            "CopyPartResult",
            "<ETag>\(Self.quotedTag)</ETag><LastModified>2026-01-02T03:04:05.006Z</LastModified>"
                + "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>",
        )
        expect(
            S3XML.copyObject(etag: etag, lastModified: time, checksum: checksum),
            "CopyObjectResult",
            "<ETag>\(Self.quotedTag)</ETag><LastModified>2026-01-02T03:04:05.006Z</LastModified>"
                + "<ChecksumType>FULL_OBJECT</ChecksumType><ChecksumCRC32>AAAAAA==</ChecksumCRC32>",
        )
    }

    @Test func `a location is empty for the first region`() {
        expect(S3XML.location("us-east-1"), "LocationConstraint", "")
        expect(S3XML.location("eu-central-1"), "LocationConstraint", "eu-central-1")
    }

    @Test func `a deletion tells successes first, and only failures when quiet`() {
        let outcomes = [
            S3XML.DeleteOutcome(key: Array("a".utf8), error: S3Error(.accessDenied)),
            S3XML.DeleteOutcome(key: Array("b".utf8), versionID: "v"),
        ]
        let failure = "<Error><Key>a</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        let success = "<Deleted><Key>b</Key><VersionId>v</VersionId></Deleted>"
        expect(S3XML.deleteResult(outcomes, isQuiet: false), "DeleteResult", success + failure)
        expect(S3XML.deleteResult(outcomes, isQuiet: true), "DeleteResult", failure)
    }

    @Test func `a listing of objects`() throws {
        let object = ListedObject(key: try ObjectKey("a b"), size: 5, etag: etag, lastModified: time)
        let result = ListResult(objects: [object], commonPrefixes: [Array("p/".utf8)], next: Array("p/".utf8))
        let contents =
            "<Contents><Key>a%20b</Key><LastModified>2026-01-02T03:04:05.006Z</LastModified><ETag>\(Self.quotedTag)</ETag>"
            + "<Size>5</Size><StorageClass>STANDARD</StorageClass><Owner>\(Self.ownerText)</Owner></Contents>"
            + "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
        let echo = S3XML.ListingEcho(
            bucket: "bucket",
            delimiter: Array("/".utf8),
            limit: 2,
            encodesURL: true,
            owner: owner,
        )
        let begin =
            "<Name>bucket</Name><Prefix></Prefix><Delimiter>/</Delimiter><MaxKeys>2</MaxKeys>"
            + "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        expect(
            S3XML.listObjects(result, echo: echo, marker: []),
            "ListBucketResult",
            begin + "<Marker></Marker><NextMarker>p/</NextMarker>" + contents,
        )
        let second = S3XML.listObjectsV2(
            result,
            echo: echo,
            startAfter: Array("a".utf8),
            continuationToken: nil,
            nextContinuationToken: "t",
        )
        expect(
            second,
            "ListBucketResult",
            begin + "<KeyCount>2</KeyCount><NextContinuationToken>t</NextContinuationToken><StartAfter>a</StartAfter>"
                + contents,
        )
    }
}
