// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import StorageTypes

extension S3XML {
    /// What both forms of ListObjects echo.
    package struct ListingEcho: Sendable {
        package var bucket: String
        package var prefix: [UInt8]
        /// Empty: none was given.
        package var delimiter: [UInt8]
        /// As applied: 0...1,000.
        package var limit: Int
        /// `encoding-type=url`
        package var encodesURL: Bool
        /// Shown with each object: always in version 1, on request in version 2.
        package var owner: S3Owner?

        package init(
            bucket: String,
            prefix: [UInt8] = [],
            delimiter: [UInt8] = [],
            limit: Int = 1_000,
            encodesURL: Bool = false,
            owner: S3Owner? = nil
        ) {
            self.bucket = bucket
            self.prefix = prefix
            self.delimiter = delimiter
            self.limit = limit
            self.encodesURL = encodesURL
            self.owner = owner
        }
    }

    /// ListObjects, version 1.
    ///
    /// - Parameter marker: as given; empty when it was not.
    package static func listObjects(_ result: ListResult, echo: ListingEcho, marker: [UInt8]) -> ByteBuffer {
        var writer = begin(result, echo)
        writer.element("Marker", marker, encodesURL: echo.encodesURL)
        // Without a delimiter the client takes the last key itself.
        if let next = result.next, !echo.delimiter.isEmpty {
            writer.element("NextMarker", next, encodesURL: echo.encodesURL)
        }
        return finish(&writer, result, echo)
    }

    /// ListObjectsV2.
    ///
    /// - Parameters:
    ///   - continuationToken: as given; nil when it was not.
    ///   - nextContinuationToken: nil when the listing ends here.
    package static func listObjectsV2(
        _ result: ListResult,
        echo: ListingEcho,
        startAfter: [UInt8]?,
        continuationToken: String?,
        nextContinuationToken: String?
    ) -> ByteBuffer {
        var writer = begin(result, echo)
        writer.element("KeyCount", result.objects.count + result.commonPrefixes.count)
        writer.element("ContinuationToken", continuationToken)
        writer.element("NextContinuationToken", nextContinuationToken)
        if let startAfter { writer.element("StartAfter", startAfter, encodesURL: echo.encodesURL) }
        return finish(&writer, result, echo)
    }

    private static func begin(_ result: ListResult, _ echo: ListingEcho) -> XMLWriter {
        let entryByteCount = 256 + (echo.owner == nil ? 0 : 160)
        var writer = XMLWriter(
            capacity: 1_024 + result.objects.count * entryByteCount + result.commonPrefixes.count * 128
        )
        writer.open("ListBucketResult", namespace: XMLWriter.namespace)
        writer.element("Name", echo.bucket)
        writer.element("Prefix", echo.prefix, encodesURL: echo.encodesURL)
        if !echo.delimiter.isEmpty { writer.element("Delimiter", echo.delimiter, encodesURL: echo.encodesURL) }
        writer.element("MaxKeys", echo.limit)
        if echo.encodesURL { writer.element("EncodingType", constant: "url") }
        writer.element("IsTruncated", result.next != nil)
        return writer
    }

    private static func finish(_ writer: inout XMLWriter, _ result: ListResult, _ echo: ListingEcho) -> ByteBuffer {
        for object in result.objects {
            writer.open("Contents")
            writer.element("Key", object.key.bytes, encodesURL: echo.encodesURL)
            writer.element("LastModified", object.lastModified)
            writer.element("ETag", object.etag)
            if let algorithm = object.checksumAlgorithm { writer.element("ChecksumAlgorithm", algorithm.name) }
            if let type = object.checksumType { writer.element("ChecksumType", constant: type.name) }
            writer.element("Size", object.size)
            if let storageClass = object.storageClass {
                writer.element("StorageClass", storageClass)
            } else {
                writer.element("StorageClass", constant: "STANDARD")
            }
            if let owner = echo.owner { writer.owner("Owner", owner) }
            writer.close("Contents")
        }
        writer.commonPrefixes(result.commonPrefixes, encodesURL: echo.encodesURL)
        writer.close("ListBucketResult")
        return writer.buffer
    }

    // MARK: Multipart uploads

    /// What ListMultipartUploads echoes beside the shared part; `ListingEcho.owner` is owner and initiator.
    ///
    /// - Parameters:
    ///   - keyMarker: as given; empty when it was not.
    ///   - uploadIDMarker: as given; empty when it was not.
    package static func listUploads(
        _ result: ListUploadsResult,
        echo: ListingEcho,
        keyMarker: [UInt8],
        uploadIDMarker: String
    ) -> ByteBuffer {
        var writer = XMLWriter(capacity: 1_024 + result.uploads.count * 512)
        writer.open("ListMultipartUploadsResult", namespace: XMLWriter.namespace)
        writer.element("Bucket", echo.bucket)
        writer.element("KeyMarker", keyMarker, encodesURL: echo.encodesURL)
        writer.element("UploadIdMarker", uploadIDMarker)
        if let next = result.next {
            writer.element("NextKeyMarker", next.keyMarker, encodesURL: echo.encodesURL)
            writer.element("NextUploadIdMarker", next.uploadIDMarker ?? "")
        }
        writer.element("Prefix", echo.prefix, encodesURL: echo.encodesURL)
        if !echo.delimiter.isEmpty { writer.element("Delimiter", echo.delimiter, encodesURL: echo.encodesURL) }
        writer.element("MaxUploads", echo.limit)
        writer.element("IsTruncated", result.next != nil)
        if echo.encodesURL { writer.element("EncodingType", constant: "url") }
        for upload in result.uploads {
            writer.open("Upload")
            writer.element("UploadId", upload.uploadID)
            writer.element("Key", upload.key.bytes, encodesURL: echo.encodesURL)
            writer.element("Initiated", upload.initiated)
            writer.element("StorageClass", upload.metadata.storageClass ?? "STANDARD")
            if let owner = echo.owner {
                writer.owner("Owner", owner)
                writer.owner("Initiator", owner)
            }
            writer.uploadChecksum(upload.checksum)
            writer.close("Upload")
        }
        writer.commonPrefixes(result.commonPrefixes, encodesURL: echo.encodesURL)
        writer.close("ListMultipartUploadsResult")
        return writer.finish()
    }

    /// - Parameters:
    ///   - marker: `part-number-marker` as given; 0 when it was not.
    ///   - limit: as applied.
    package static func listParts(
        _ result: ListPartsResult,
        bucket: String,
        owner: S3Owner,
        marker: Int,
        limit: Int,
        encodesURL: Bool = false
    ) -> ByteBuffer {
        var writer = XMLWriter(capacity: 1_024 + result.parts.count * 256)
        writer.open("ListPartsResult", namespace: XMLWriter.namespace)
        writer.element("Bucket", bucket)
        writer.element("Key", result.upload.key.bytes, encodesURL: encodesURL)
        writer.element("UploadId", result.upload.uploadID)
        writer.element("PartNumberMarker", marker)
        writer.element("NextPartNumberMarker", result.parts.last?.number ?? 0)
        writer.element("MaxParts", limit)
        writer.element("IsTruncated", result.isTruncated)
        for part in result.parts {
            writer.open("Part")
            writer.element("PartNumber", part.number)
            writer.element("LastModified", part.lastModified)
            writer.element("ETag", part.etag)
            writer.element("Size", part.size)
            writer.checksum(part.checksum)
            writer.close("Part")
        }
        writer.owner("Initiator", owner)
        writer.owner("Owner", owner)
        writer.element("StorageClass", result.upload.metadata.storageClass ?? "STANDARD")
        writer.uploadChecksum(result.upload.checksum)
        writer.close("ListPartsResult")
        return writer.finish()
    }
}

extension XMLWriter {
    fileprivate mutating func uploadChecksum(_ checksum: UploadChecksum?) {
        guard let checksum else { return }
        element("ChecksumAlgorithm", checksum.algorithm.name)
        element("ChecksumType", constant: checksum.type.name)
    }
}
