// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes
import Synchronization

extension ObjectStore {
    /// Aborts the uploads that were begun, and got their last part, before `instant`; returns how many those were.
    ///
    /// Reads the records of all uploads, on a worker. Ends soon after the task is cancelled: there may be a million.
    ///
    /// - Parameter damaged: called for each upload of which a record can't be read. It stays; the others go.
    package func expireUploads(
        idleSince instant: Timestamp,
        damaged: @Sendable (StoreError) -> Void = { _ in }
    ) async throws(StoreError) -> Int {
        let (keys, unreadable) = try await onWorker { metadata throws(StoreError) in
            var keys: [[UInt8]] = []
            var unreadable: [StoreError] = []
            try TableScan(metadata).forEach(.uploads, prefix: ObjectKeys.uploads) { key, value in
                do throws(StoreError) {
                    if try UploadRecord.decode(value, key).initiated < instant { keys.append(key) }
                } catch {
                    unreadable.append(error)
                }
            }
            return (keys, unreadable)
        }
        for error in unreadable { damaged(error) }
        var (count, damagedCount) = (0, unreadable.count)
        for key in keys {
            if Task.isCancelled { break }
            do throws(StoreError) {
                if try await expire(key, idleSince: instant) { count += 1 }
            } catch {
                guard error.code == .corrupted else { throw error }
                damaged(error)
                damagedCount += 1
            }
        }
        damagedUploads.store(damagedCount, ordering: .relaxed)
        return count
    }

    /// Uploads of which the last look for abandoned ones could not read a record.
    package var damagedUploadCount: Int { damagedUploads.load(ordering: .relaxed) }

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
