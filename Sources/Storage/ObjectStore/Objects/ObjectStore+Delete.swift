// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    package func deleteObject(bucket: BucketName, _ request: DeleteRequest) async throws(StoreError) {
        try await engine.commit([]) { transaction throws(StoreError) in
            try transaction.deleteObject(try transaction.bucketID(bucket), request)
        }
    }

    /// - Throws: `invalidRequest` above `deleteCountMax` entries.
    package func deleteObjects(
        bucket: BucketName,
        _ requests: [DeleteRequest]
    ) async throws(StoreError) -> [StoreError?] {
        guard requests.count <= configuration.deleteCountMax else {
            throw StoreError(
                .invalidRequest,
                "at most \(configuration.deleteCountMax) objects are deleted in one request"
            )
        }
        return try await engine.commit([]) { transaction throws(StoreError) in
            let bucketID = try transaction.bucketID(bucket)
            var outcomes: [StoreError?] = []
            outcomes.reserveCapacity(requests.count)
            for request in requests {
                do throws(StoreError) {
                    try transaction.deleteObject(bucketID, request)
                    outcomes.append(nil)
                } catch {
                    // A condition fails before anything changes, so the other entries can go on.
                    guard error.code == .preconditionFailed else { throw error }
                    outcomes.append(error)
                }
            }
            return outcomes
        }
    }
}

extension CommitTransaction {
    fileprivate mutating func deleteObject(_ bucketID: UInt64, _ request: DeleteRequest) throws(StoreError) {
        let key = ObjectKeys.object(bucketID, request.key.bytes)
        let current = try versionHeader(key)
        try request.condition.checkDelete(current)
        guard let current else { return }
        try release(current.content)
        delete(.objects, key)
    }
}
