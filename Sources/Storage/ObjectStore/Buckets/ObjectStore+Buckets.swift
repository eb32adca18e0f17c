// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    package func listBuckets() async throws(StoreError) -> [BucketInfo] {
        buckets.sorted
    }

    package func bucket(_ name: BucketName) async throws(StoreError) -> BucketInfo {
        try buckets.find(name).info
    }

    package func bucketIfCached(_ name: BucketName) throws(StoreError) -> BucketInfo? {
        try buckets.find(name).info
    }

    /// - Throws: beside those of the protocol, `invalidRequest` when there are `bucketCountMax` buckets.
    package func createBucket(
        _ name: BucketName,
        owner: String,
        region: String
    ) async throws(StoreError) -> BucketInfo {
        guard buckets.count < configuration.bucketCountMax else {
            throw StoreError(.invalidRequest, "the store holds \(configuration.bucketCountMax) buckets, its limit")
        }
        let buckets = buckets
        return try await engine.commit([]) { transaction throws(StoreError) in
            let key = ObjectKeys.bucket(name)
            if let existing = try transaction.get(.system, key) {
                let isOwn = try BucketRecord.decode(existing, name).owner == owner
                throw StoreError(
                    isOwn ? .bucketAlreadyOwnedByYou : .bucketAlreadyExists,
                    details: .bucket(name.string),
                )
            }
            let record = BucketRecord(
                id: try transaction.takeBucketID(),
                created: transaction.now,
                owner: owner,
                region: region,
            )
            transaction.put(.system, key, record.encoded())
            let info = BucketInfo(name: name, created: record.created, owner: owner, region: region)
            transaction.afterCommit { buckets.insert(BucketTable.Entry(id: record.id, info: info)) }
            return info
        }
    }

    package func setBucketPolicy(_ policy: String?, of name: BucketName) async throws(StoreError) {
        if let policy, policy.utf8.count > configuration.bucketDocumentByteCountMax {
            throw StoreError(
                .invalidRequest,
                details: .size(
                    actual: UInt64(policy.utf8.count),
                    limit: UInt64(configuration.bucketDocumentByteCountMax),
                ),
            )
        }
        let buckets = buckets
        try await engine.commit([]) { transaction throws(StoreError) in
            let id = try transaction.bucketID(name)
            let key = ObjectKeys.bucketDocument(id, kind: BucketDocumentKind.policy.rawValue)
            if let policy {
                transaction.put(.system, key, SystemValue.encode(policy.utf8))
            } else {
                transaction.delete(.system, key)
            }
            transaction.afterCommit { buckets.setPolicy(policy, of: name, id: id) }
        }
    }
}

extension CommitTransaction {
    /// A number that no bucket had before.
    fileprivate mutating func takeBucketID() throws(StoreError) -> UInt64 {
        let stored = try get(.system, ObjectKeys.nextBucketID)
        do {
            let id = try stored.map(SystemValue.decode(integer:)) ?? 1
            put(.system, ObjectKeys.nextBucketID, SystemValue.encode(integer: id + 1))
            return id
        } catch {
            throw StoreError(.corrupted, diagnosis: "the next bucket id: \(error)")
        }
    }
}
