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
    /// - Parameters:
    ///   - heldCountMax: uploads whose keys are in memory at once.
    ///   - damaged: called for each upload of which a record can't be read. It stays; the others go.
    package func expireUploads(
        idleSince instant: Timestamp,
        heldCountMax: Int = 1_024,
        damaged: @Sendable (StoreError) -> Void = { _ in }
    ) async throws(StoreError) -> Int {
        var (count, damagedCount) = (0, 0)
        var from: [UInt8]? = ObjectKeys.uploads
        while let start = from {
            let uploads = try await uploads(begunBefore: instant, from: start, countMax: heldCountMax)
            for error in uploads.unreadable { damaged(error) }
            damagedCount += uploads.unreadable.count
            for key in uploads.keys {
                if Task.isCancelled { return count }
                do throws(StoreError) {
                    if try await expire(key, idleSince: instant) { count += 1 }
                } catch {
                    guard error.code == .corrupted else { throw error }
                    damaged(error)
                    damagedCount += 1
                }
            }
            from = uploads.next
        }
        damagedUploads.store(damagedCount, ordering: .relaxed)
        return count
    }

    private struct OldUploads {
        var keys: [[UInt8]] = []
        var unreadable: [StoreError] = []
        /// Where the next ones may be; nil at the end.
        var next: [UInt8]?
    }

    private func uploads(
        begunBefore instant: Timestamp,
        from start: [UInt8],
        countMax: Int
    ) async throws(StoreError) -> OldUploads {
        try await onWorker { metadata throws(StoreError) in
            var found = OldUploads()
            let end = ObjectKeys.successor(ofPrefix: ObjectKeys.uploads)
            try TableScan(metadata).forEach(.uploads, from: start, until: end) { key, value in
                guard found.keys.count + found.unreadable.count < countMax else {
                    found.next = key
                    return false
                }
                do throws(StoreError) {
                    if try UploadRecord.decode(value, key).initiated < instant { found.keys.append(key) }
                } catch {
                    found.unreadable.append(error)
                }
                return true
            }
            return found
        }
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
