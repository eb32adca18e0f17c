// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import StorageTypes

/// Who owns a bucket, an object or an upload, as listings show it.
package struct S3Owner: Sendable, Hashable {
    package var id: String
    package var displayName: String

    package init(id: String, displayName: String) {
        self.id = id
        self.displayName = displayName
    }
}

/// The XML bodies of answers and of requests, one function per shape (`spec/s3.md` §6).
package enum S3XML {
    /// ListBuckets. - Parameter continuationToken: where the next page starts; nil at the end.
    package static func listBuckets(
        _ buckets: [BucketInfo],
        owner: S3Owner,
        prefix: String? = nil,
        continuationToken: String? = nil
    ) -> ByteBuffer {
        var writer = XMLWriter(capacity: 256 + buckets.count * 192)
        writer.open("ListAllMyBucketsResult", namespace: XMLWriter.namespace)
        writer.open("Buckets")
        for bucket in buckets {
            writer.open("Bucket")
            writer.element("Name", bucket.name.string)
            writer.element("CreationDate", bucket.created)
            writer.element("BucketRegion", bucket.region)
            writer.close("Bucket")
        }
        writer.close("Buckets")
        writer.owner("Owner", owner)
        writer.element("ContinuationToken", continuationToken)
        writer.element("Prefix", prefix)
        writer.close("ListAllMyBucketsResult")
        return writer.finish()
    }

    /// GetBucketLocation: empty for us-east-1.
    package static func location(_ region: String) -> ByteBuffer {
        var writer = XMLWriter(capacity: 256)
        writer.open("LocationConstraint", namespace: XMLWriter.namespace)
        if region != "us-east-1" { writer.text(region) }
        writer.close("LocationConstraint")
        return writer.finish()
    }

    package static func initiateUpload(bucket: String, key: ObjectKey, uploadID: String) -> ByteBuffer {
        var writer = XMLWriter(capacity: 512)
        writer.open("InitiateMultipartUploadResult", namespace: XMLWriter.namespace)
        writer.element("Bucket", bucket)
        writer.element("Key", key.bytes)
        writer.element("UploadId", uploadID)
        writer.close("InitiateMultipartUploadResult")
        return writer.finish()
    }

    /// - Parameter location: the object's address.
    package static func completeUpload(
        location: String,
        bucket: String,
        key: ObjectKey,
        etag: ETag,
        checksum: ChecksumValue?
    ) -> ByteBuffer {
        var writer = XMLWriter(capacity: 512)
        writer.open("CompleteMultipartUploadResult", namespace: XMLWriter.namespace)
        writer.element("Location", location)
        writer.element("Bucket", bucket)
        writer.element("Key", key.bytes)
        writer.element("ETag", etag)
        writer.checksum(checksum)
        if let checksum { writer.element("ChecksumType", constant: checksum.type.name) }
        writer.close("CompleteMultipartUploadResult")
        return writer.finish()
    }

    package static func copyObject(etag: ETag, lastModified: Timestamp, checksum: ChecksumValue?) -> ByteBuffer {
        var writer = XMLWriter(capacity: 512)
        writer.open("CopyObjectResult", namespace: XMLWriter.namespace)
        writer.element("ETag", etag)
        writer.element("LastModified", lastModified)
        if let checksum { writer.element("ChecksumType", constant: checksum.type.name) }
        writer.checksum(checksum)
        writer.close("CopyObjectResult")
        return writer.finish()
    }

    package static func copyPart(_ part: PartInfo) -> ByteBuffer {
        var writer = XMLWriter(capacity: 512)
        writer.open("CopyPartResult", namespace: XMLWriter.namespace)
        writer.element("ETag", part.etag)
        writer.element("LastModified", part.lastModified)
        writer.checksum(part.checksum)
        writer.close("CopyPartResult")
        return writer.finish()
    }

    /// What became of one entry of DeleteObjects.
    package struct DeleteOutcome: Sendable {
        package var key: [UInt8]
        package var versionID: String?
        /// Nil: deleted.
        package var error: S3Error?

        package init(key: [UInt8], versionID: String? = nil, error: S3Error? = nil) {
            self.key = key
            self.versionID = versionID
            self.error = error
        }
    }

    /// - Parameter isQuiet: only failures are told.
    package static func deleteResult(_ outcomes: [DeleteOutcome], isQuiet: Bool) -> ByteBuffer {
        var writer = XMLWriter(capacity: 256 + (isQuiet ? 0 : outcomes.count * 96))
        writer.open("DeleteResult", namespace: XMLWriter.namespace)
        for outcome in outcomes where outcome.error == nil && !isQuiet {
            writer.open("Deleted")
            writer.element("Key", outcome.key)
            writer.element("VersionId", outcome.versionID)
            writer.close("Deleted")
        }
        for outcome in outcomes {
            guard let error = outcome.error else { continue }
            writer.open("Error")
            writer.element("Key", outcome.key)
            writer.element("VersionId", outcome.versionID)
            writer.element("Code", error.code.name)
            writer.element("Message", error.message)
            writer.close("Error")
        }
        writer.close("DeleteResult")
        return writer.finish()
    }
}

extension XMLWriter {
    mutating func owner(_ name: StaticString, _ owner: S3Owner) {
        open(name)
        element("ID", owner.id)
        element("DisplayName", owner.displayName)
        close(name)
    }

    mutating func checksum(_ value: ChecksumValue?) {
        if let value { element(value.algorithm.elementName, value.text) }
    }

    /// CommonPrefixes, one element around each as in all listings.
    mutating func commonPrefixes(_ prefixes: [[UInt8]], encodesURL: Bool) {
        for prefix in prefixes {
            open("CommonPrefixes")
            element("Prefix", prefix, encodesURL: encodesURL)
            close("CommonPrefixes")
        }
    }
}
