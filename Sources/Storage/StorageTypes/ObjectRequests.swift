// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Conditions of a write, evaluated in the same instant as the commit (`spec/s3.md` §5).
package struct WriteCondition: Sendable, Hashable {
    /// What an `If-Match` or `If-None-Match` header names.
    package enum Match: Sendable, Hashable {
        /// `*`
        case any
        case etags([ETag])
    }

    /// Current object must match; absent: `noSuchKey`, other tag: `preconditionFailed`.
    package var ifMatch: Match?
    /// Current object must not match, else `preconditionFailed`.
    package var ifNoneMatch: Match?
    /// For deletes: x-amz-if-match-size and x-amz-if-match-last-modified-time (whole seconds).
    package var ifMatchSize: UInt64?
    package var ifMatchLastModified: Timestamp?

    package init(
        ifMatch: Match? = nil,
        ifNoneMatch: Match? = nil,
        ifMatchSize: UInt64? = nil,
        ifMatchLastModified: Timestamp? = nil
    ) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.ifMatchSize = ifMatchSize
        self.ifMatchLastModified = ifMatchLastModified
    }

    package static let none = WriteCondition()
}

/// The digests a write computes.
package struct DigestRequest: Sendable, Hashable {
    /// Stored with the object and compared with the expectation. At most one from a client; the server adds CRC64NVME.
    package var checksum: ChecksumAlgorithm?
    /// The SHA-256 over the whole content is wanted: to compare it with `ContentExpectations.sha256`.
    package var sha256: Bool
    /// The entity tag is to be the content's MD5, as S3 clients expect; MD5 is a third of what a large write costs. Without it
    /// the tag of a content above 16 KiB is made of its chunks' identities and carries a dash, so that no client takes it for an MD5.
    package var md5: Bool

    package init(checksum: ChecksumAlgorithm? = nil, sha256: Bool = false, md5: Bool = true) {
        self.checksum = checksum
        self.sha256 = sha256
        self.md5 = md5
    }
}

/// Where to put an object and under which conditions.
package struct PutObjectRequest: Sendable {
    package var bucket: BucketName
    package var key: ObjectKey
    package var metadata: ObjectMetadata
    package var condition: WriteCondition
    package var digests: DigestRequest
    /// The length announced, if any: lets the store choose inline storage early and refuse what cannot fit.
    package var expectedSize: UInt64?
    package var chunking: Chunking

    package init(
        bucket: BucketName,
        key: ObjectKey,
        metadata: ObjectMetadata = ObjectMetadata(),
        condition: WriteCondition = .none,
        digests: DigestRequest = DigestRequest(),
        expectedSize: UInt64? = nil,
        chunking: Chunking = .contentDefined
    ) {
        self.bucket = bucket
        self.key = key
        self.metadata = metadata
        self.condition = condition
        self.digests = digests
        self.expectedSize = expectedSize
        self.chunking = chunking
    }
}

/// A write that is durable.
package struct PutObjectResult: Sendable, Hashable {
    package var etag: ETag
    package var size: UInt64
    package var checksum: ChecksumValue?
    package var versionID: String?
    package var lastModified: Timestamp

    package init(
        etag: ETag,
        size: UInt64,
        checksum: ChecksumValue? = nil,
        versionID: String? = nil,
        lastModified: Timestamp
    ) {
        self.etag = etag
        self.size = size
        self.checksum = checksum
        self.versionID = versionID
        self.lastModified = lastModified
    }
}

/// A copy that moves no content.
package struct CopyObjectRequest: Sendable {
    package var source: (bucket: BucketName, key: ObjectKey)
    /// Conditions on the source, evaluated with the copy: the caller's predicate over the source as it is then.
    package var sourceCheck: @Sendable (ObjectInfo) throws(StoreError) -> Void
    package var bucket: BucketName
    package var key: ObjectKey
    /// Nil keeps the source's metadata.
    package var replacementMetadata: ObjectMetadata?
    package var condition: WriteCondition

    package init(
        source: (bucket: BucketName, key: ObjectKey),
        sourceCheck: @escaping @Sendable (ObjectInfo) throws(StoreError) -> Void = { _ throws(StoreError) in },
        bucket: BucketName,
        key: ObjectKey,
        replacementMetadata: ObjectMetadata? = nil,
        condition: WriteCondition = .none
    ) {
        self.source = source
        self.sourceCheck = sourceCheck
        self.bucket = bucket
        self.key = key
        self.replacementMetadata = replacementMetadata
        self.condition = condition
    }
}

/// One entry of a multi-object delete.
package struct DeleteRequest: Sendable {
    package var key: ObjectKey
    package var condition: WriteCondition

    package init(key: ObjectKey, condition: WriteCondition = .none) {
        self.key = key
        self.condition = condition
    }
}

/// One page of a listing, already with its limits applied.
package struct ListRequest: Sendable {
    package var bucket: BucketName
    package var prefix: [UInt8]
    /// Empty means no grouping.
    package var delimiter: [UInt8]
    /// Exclusive; a whole group when it equals a common prefix. Empty means from the start.
    package var after: [UInt8]
    /// Keys and common prefixes together, 0...1,000 (more for callers inside the appliance).
    package var limit: Int

    package init(
        bucket: BucketName,
        prefix: [UInt8] = [],
        delimiter: [UInt8] = [],
        after: [UInt8] = [],
        limit: Int = 1_000
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = limit
    }
}

/// What a listing shows of one object.
package struct ListedObject: Sendable {
    package var key: ObjectKey
    package var size: UInt64
    package var etag: ETag
    package var lastModified: Timestamp
    package var storageClass: String?
    package var checksumAlgorithm: ChecksumAlgorithm?
    package var checksumType: ChecksumType?

    package init(
        key: ObjectKey,
        size: UInt64,
        etag: ETag,
        lastModified: Timestamp,
        storageClass: String? = nil,
        checksumAlgorithm: ChecksumAlgorithm? = nil,
        checksumType: ChecksumType? = nil
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.storageClass = storageClass
        self.checksumAlgorithm = checksumAlgorithm
        self.checksumType = checksumType
    }
}

/// Objects and common prefixes, each in byte order.
package struct ListResult: Sendable {
    package var objects: [ListedObject]
    package var commonPrefixes: [[UInt8]]
    /// Where the next page starts (`ListRequest.after`); nil when this page is the last.
    package var next: [UInt8]?

    package init(objects: [ListedObject] = [], commonPrefixes: [[UInt8]] = [], next: [UInt8]? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.next = next
    }
}
