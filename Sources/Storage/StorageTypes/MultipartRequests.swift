// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// How a multipart upload's object will be checksummed.
package struct UploadChecksum: Sendable, Hashable {
    package var algorithm: ChecksumAlgorithm
    package var type: ChecksumType

    package init(algorithm: ChecksumAlgorithm, type: ChecksumType) {
        self.algorithm = algorithm
        self.type = type
    }
}

/// What a multipart upload's object will be; parts come later.
package struct CreateUploadRequest: Sendable {
    package var bucket: BucketName
    package var key: ObjectKey
    package var metadata: ObjectMetadata
    /// Nil: parts carry no checksum that was asked for and the store keeps CRC64NVME, full object.
    package var checksum: UploadChecksum?
    /// Of each part.
    package var chunking: Chunking

    package init(
        bucket: BucketName,
        key: ObjectKey,
        metadata: ObjectMetadata = ObjectMetadata(),
        checksum: UploadChecksum? = nil,
        chunking: Chunking = .contentDefined
    ) {
        self.bucket = bucket
        self.key = key
        self.metadata = metadata
        self.checksum = checksum
        self.chunking = chunking
    }
}

/// Names one upload; both bucket and key must be the upload's own, else `noSuchUpload`.
package struct UploadReference: Sendable, Hashable {
    package var bucket: BucketName
    package var key: ObjectKey
    package var uploadID: String

    package init(bucket: BucketName, key: ObjectKey, uploadID: String) {
        self.bucket = bucket
        self.key = key
        self.uploadID = uploadID
    }
}

/// An upload that is under way.
package struct UploadInfo: Sendable {
    package var key: ObjectKey
    package var uploadID: String
    package var initiated: Timestamp
    package var metadata: ObjectMetadata
    package var checksum: UploadChecksum?

    package init(
        key: ObjectKey,
        uploadID: String,
        initiated: Timestamp,
        metadata: ObjectMetadata,
        checksum: UploadChecksum?
    ) {
        self.key = key
        self.uploadID = uploadID
        self.initiated = initiated
        self.metadata = metadata
        self.checksum = checksum
    }
}

/// A part as it is stored.
package struct PartInfo: Sendable, Hashable {
    package var number: Int
    package var size: UInt64
    package var etag: ETag
    package var lastModified: Timestamp
    package var checksum: ChecksumValue?

    package init(number: Int, size: UInt64, etag: ETag, lastModified: Timestamp, checksum: ChecksumValue? = nil) {
        self.number = number
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.checksum = checksum
    }
}

/// One line of a CompleteMultipartUpload request.
package struct CompletedPart: Sendable, Hashable {
    package var number: Int
    package var etag: ETag
    package var checksum: ChecksumValue?

    package init(number: Int, etag: ETag, checksum: ChecksumValue? = nil) {
        self.number = number
        self.etag = etag
        self.checksum = checksum
    }
}

/// Which parts make the object, in order, and what it must amount to.
package struct CompleteUploadRequest: Sendable {
    package var upload: UploadReference
    package var parts: [CompletedPart]
    package var condition: WriteCondition
    /// x-amz-checksum-* of the whole, compared with the combined value; mismatch: `badDigest`.
    package var expectedChecksum: ChecksumValue?
    /// x-amz-mp-object-size; mismatch: `invalidRequest`.
    package var expectedSize: UInt64?
    /// The smallest size of every part but the last; 5 MiB for S3 clients. Services inside the appliance may say 0.
    package var partSizeMin: UInt64

    package init(
        upload: UploadReference,
        parts: [CompletedPart],
        condition: WriteCondition = .none,
        expectedChecksum: ChecksumValue? = nil,
        expectedSize: UInt64? = nil,
        partSizeMin: UInt64 = 5 << 20
    ) {
        self.upload = upload
        self.parts = parts
        self.condition = condition
        self.expectedChecksum = expectedChecksum
        self.expectedSize = expectedSize
        self.partSizeMin = partSizeMin
    }
}

/// One page of the uploads under way, by key and then by the time they began.
package struct ListUploadsRequest: Sendable {
    package var bucket: BucketName
    package var prefix: [UInt8]
    package var delimiter: [UInt8]
    package var keyMarker: [UInt8]
    /// Only together with `keyMarker`.
    package var uploadIDMarker: String?
    package var limit: Int

    package init(
        bucket: BucketName,
        prefix: [UInt8] = [],
        delimiter: [UInt8] = [],
        keyMarker: [UInt8] = [],
        uploadIDMarker: String? = nil,
        limit: Int = 1_000
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.keyMarker = keyMarker
        self.uploadIDMarker = uploadIDMarker
        self.limit = limit
    }
}

/// Uploads and common prefixes, each in byte order of their keys.
package struct ListUploadsResult: Sendable {
    package var uploads: [UploadInfo]
    package var commonPrefixes: [[UInt8]]
    /// Where the next page starts; nil when this page is the last.
    package var next: (keyMarker: [UInt8], uploadIDMarker: String?)?

    package init(
        uploads: [UploadInfo] = [],
        commonPrefixes: [[UInt8]] = [],
        next: (keyMarker: [UInt8], uploadIDMarker: String?)? = nil
    ) {
        self.uploads = uploads
        self.commonPrefixes = commonPrefixes
        self.next = next
    }
}

/// One page of an upload's parts, by number.
package struct ListPartsResult: Sendable {
    package var upload: UploadInfo
    package var parts: [PartInfo]
    package var isTruncated: Bool

    package init(upload: UploadInfo, parts: [PartInfo], isTruncated: Bool) {
        self.upload = upload
        self.parts = parts
        self.isTruncated = isTruncated
    }
}
