// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

/// What the closures of this target read and change inside a commit.
extension CommitTransaction {
    /// - Throws: `noSuchBucket`.
    func bucketID(_ name: BucketName) throws(StoreError) -> UInt64 {
        guard let value = try get(.system, ObjectKeys.bucket(name)) else {
            throw StoreError(.noSuchBucket, details: .bucket(name.string))
        }
        return try BucketRecord.decode(value, name).id
    }

    /// The header of the version under `key` of table `objects`.
    func versionHeader(_ key: [UInt8]) throws(StoreError) -> VersionHeader? {
        guard let value = try get(.objects, key) else { return nil }
        return try VersionHeader.decode(value, key)
    }

    /// Puts `record` in the place of `current`, whose content is let go.
    mutating func replace(
        _ key: [UInt8],
        _ current: VersionHeader?,
        with record: VersionRecord
    ) throws(StoreError) {
        if let current { try release(current.content) }
        put(.objects, key, record.encoded())
    }
}

extension VersionHeader {
    static func decode(_ value: [UInt8], _ key: [UInt8]) throws(StoreError) -> VersionHeader {
        do {
            return try VersionHeader(decoding: value.span.bytes)
        } catch {
            throw StoreError(error, "object \(Hex.encode(key))")
        }
    }
}

extension VersionRecord {
    static func decode(_ value: [UInt8], _ key: ObjectKey) throws(StoreError) -> VersionRecord {
        do {
            return try VersionRecord(decoding: value)
        } catch {
            throw StoreError(error, "object \(key)")
        }
    }

    var putResult: PutObjectResult {
        PutObjectResult(
            etag: etag,
            size: size,
            checksum: fields.checksums.first,
            versionID: fields.versionID,
            lastModified: lastModified,
        )
    }
}
