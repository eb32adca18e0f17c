// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// Reads all buckets and their policies. Blocks; once, at open.
enum BucketLoader {
    static func load(_ metadata: any MetadataReading) throws(StoreError) -> [BucketName: BucketTable.Entry] {
        let documents = try documents(metadata)
        var entries: [BucketName: BucketTable.Entry] = [:]
        let prefix = [ObjectKeys.SystemPrefix.bucket]
        try TableScan(metadata).forEach(.system, prefix: prefix) { key, value throws(StoreError) in
            let name = BucketName(stored: String(decoding: key.dropFirst(), as: UTF8.self))
            let record = try BucketRecord.decode(value, name)
            let info = BucketInfo(
                name: name,
                created: record.created,
                owner: record.owner,
                region: record.region,
                policy: documents[ObjectKeys.bucketDocument(record.id, kind: BucketDocumentKind.policy.rawValue)],
            )
            entries[name] = BucketTable.Entry(id: record.id, info: info)
        }
        return entries
    }

    private static func documents(_ metadata: any MetadataReading) throws(StoreError) -> [[UInt8]: String] {
        var documents: [[UInt8]: String] = [:]
        let prefix = [ObjectKeys.SystemPrefix.bucketDocument]
        try TableScan(metadata).forEach(.system, prefix: prefix) { key, value throws(StoreError) in
            do throws(DecodeError) {
                documents[key] = String(decoding: try SystemValue.decode(value), as: UTF8.self)
            } catch {
                throw StoreError(error, "bucket document \(Hex.encode(key))")
            }
        }
        return documents
    }
}

/// What stands beside a bucket's record. Raw values are on disk: never reuse one.
enum BucketDocumentKind: UInt8 {
    case policy = 1
}

extension BucketRecord {
    static func decode(_ value: [UInt8], _ name: BucketName) throws(StoreError) -> BucketRecord {
        do {
            return try BucketRecord(decoding: value)
        } catch {
            throw StoreError(error, "bucket \(name.string)")
        }
    }
}
