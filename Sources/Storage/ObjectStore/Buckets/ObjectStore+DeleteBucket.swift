// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

/// How many parts one commit lets go; the rest of a dropped bucket's uploads follows in further commits, so that other
/// writers wait milliseconds for each and not seconds for all.
private let partsPerStepMax = 1_000

extension ObjectStore {
    /// The bucket is gone with the first commit, which also checks that it is empty. Its uploads go with it if they are
    /// few; otherwise a marker names the bucket until the last of them is gone.
    package func deleteBucket(_ name: BucketName) async throws(StoreError) {
        let buckets = buckets
        let isWhole = try await engine.commit([]) { transaction throws(StoreError) in
            let id = try transaction.bucketID(name)
            let (lower, upper) = ObjectKeys.objects(id)
            guard try transaction.firstKey(.objects, from: lower, until: upper) == nil,
                try transaction.firstKey(.versions, from: lower, until: upper) == nil
            else { throw StoreError(.bucketNotEmpty, details: .bucket(name.string)) }
            transaction.delete(.system, ObjectKeys.bucket(name))
            transaction.delete(.system, ObjectKeys.bucketDocument(id, kind: BucketDocumentKind.policy.rawValue))
            let isWhole = try transaction.dropUploads(id)
            if !isWhole { transaction.put(.system, ObjectKeys.droppedBucket(id), SystemValue.encode(name.string.utf8)) }
            transaction.afterCommit { buckets.remove(name, id: id) }
            return isWhole
        }
        // The bucket is gone already. What a failure leaves here is only space, and housekeeping finds the marker.
        if !isWhole { try? await finishDroppedBuckets() }
    }

    /// Removes the uploads of buckets whose deletion was cut short, by a crash for example. Nothing to do otherwise.
    package func finishDroppedBuckets() async throws(StoreError) {
        let markers = try await onWorker { metadata throws(StoreError) in
            var keys: [[UInt8]] = []
            try TableScan(metadata).forEach(.system, prefix: [ObjectKeys.SystemPrefix.droppedBucket]) { key, _ in
                keys.append(key)
            }
            return keys
        }
        for marker in markers {
            guard let id = ObjectKeys.splitDroppedBucket(marker) else { continue }
            var isWhole = false
            while !isWhole {
                isWhole = try await engine.commit([]) { transaction throws(StoreError) in
                    guard try transaction.dropUploads(id) else { return false }
                    transaction.delete(.system, marker)
                    return true
                }
            }
        }
    }
}

extension CommitTransaction {
    /// Removes uploads of a bucket and their parts, up to a bound; says whether none is left.
    fileprivate mutating func dropUploads(_ bucketID: UInt64) throws(StoreError) -> Bool {
        var uploads: [(key: [UInt8], id: UploadID)] = []
        var isWhole = true
        let prefix = ObjectKeys.uploadKeyPrefix(bucketID, [])
        try scan(.uploads, from: prefix, until: ObjectKeys.successor(ofPrefix: prefix)) { key, _ throws(StoreError) in
            guard uploads.count < partsPerStepMax else {
                isWhole = false
                return false
            }
            guard let split = ObjectKeys.splitUpload(key) else {
                throw StoreError(.corrupted, diagnosis: "\(Hex.encode(key)) is no key of an upload")
            }
            uploads.append((key, split.id))
            return true
        }
        var budget = partsPerStepMax
        for upload in uploads {
            let parts = try parts(upload.id, countMax: budget + 1)
            for part in parts.prefix(budget) {
                try release(part.record.content)
                delete(.uploads, ObjectKeys.part(upload.id, part.number))
            }
            guard parts.count <= budget else { return false }
            budget -= parts.count
            delete(.uploads, upload.key)
        }
        return isWhole
    }
}
