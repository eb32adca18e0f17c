// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    /// Aborts the uploads that were begun, and got their last part, before `instant`; returns how many those were.
    ///
    /// Reads the records of all uploads, on a worker. Ends soon after the task is cancelled: there may be a million.
    package func expireUploads(idleSince instant: Timestamp) async throws(StoreError) -> Int {
        let keys = try await onWorker { metadata throws(StoreError) in
            var keys: [[UInt8]] = []
            try TableScan(metadata).forEach(.uploads, prefix: ObjectKeys.uploads) { key, value throws(StoreError) in
                if try UploadRecord.decode(value, key).initiated < instant { keys.append(key) }
            }
            return keys
        }
        var count = 0
        for key in keys {
            if Task.isCancelled { break }
            if try await expire(key, idleSince: instant) { count += 1 }
        }
        return count
    }

    private func expire(_ key: [UInt8], idleSince instant: Timestamp) async throws(StoreError) -> Bool {
        guard let id = ObjectKeys.splitUpload(key)?.id else {
            throw StoreError(.corrupted, diagnosis: "\(Hex.encode(key)) is no key of an upload")
        }
        return try await engine.commit([]) { transaction throws(StoreError) in
            guard try transaction.get(.uploads, key) != nil else { return false }
            let parts = try transaction.parts(id)
            guard parts.allSatisfy({ $0.record.lastModified < instant }) else { return false }
            try transaction.dropUpload(key, id, parts)
            return true
        }
    }
}

extension CommitTransaction {
    /// Lets go of an upload and all its parts.
    mutating func dropUpload(_ key: [UInt8], _ id: UploadID, _ parts: [StoredPart]) throws(StoreError) {
        for part in parts {
            try release(part.record.content)
            delete(.uploads, ObjectKeys.part(id, part.number))
        }
        delete(.uploads, key)
    }
}
