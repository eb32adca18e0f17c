// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// A record of damage comes and goes with what the index names, so that their number is that of what somebody still needs.
extension CommitTransaction {
    mutating func quarantine(_ chunk: IndexedChunk) throws(StoreError) {
        try quarantine(
            pack: chunk.record.pack,
            offset: chunk.record.offset,
            chunk.digest,
            "the frame does not verify"
        )
    }

    /// Notes a damaged frame, unless its chunk is gone or elsewhere by now; with pack 0, the inline content of that number.
    mutating func quarantine(
        pack: UInt32,
        offset: UInt64,
        _ digest: SHA256Digest,
        _ reason: String
    ) throws(StoreError) {
        let key = EngineKeys.quarantine(pack: pack, offset: offset)
        let quarantine = engine.quarantine
        guard try isNeeded(pack: pack, offset: offset, digest) else {
            afterCommit { quarantine.forget(key) }
            return
        }
        guard try get(.system, key) == nil else { return }
        put(.system, key, QuarantineRecord(digest: digest, seen: now, reason: reason).encoded)
        afterCommit { quarantine.note(key) }
    }

    private func isNeeded(pack: UInt32, offset: UInt64, _ digest: SHA256Digest) throws(StoreError) -> Bool {
        if pack == 0 { return try get(.inline, EngineKeys.inline(offset)) != nil }
        guard let record = try chunkRecord(digest) else { return false }
        return (record.pack, record.offset) == (pack, offset)
    }

    /// Whether the frame was found damaged.
    func isQuarantined(pack: UInt32, offset: UInt64) throws(StoreError) -> Bool {
        try engine.quarantine.contains(pack: pack, offset: offset) { key throws(StoreError) in
            try get(.system, key)
        }
    }

    /// Of a frame that the index names no more, or an inline content that goes.
    mutating func endQuarantine(pack: UInt32, offset: UInt64) throws(StoreError) {
        guard try isQuarantined(pack: pack, offset: offset) else { return }
        let key = EngineKeys.quarantine(pack: pack, offset: offset)
        remove(.system, key)
        let quarantine = engine.quarantine
        afterCommit { quarantine.forget(key) }
    }

    /// Takes a frame that the index names no more out of its pack's counts.
    mutating func removeFrame(_ record: ChunkRecord) throws(StoreError) {
        packChanges.remove(record)
        try endQuarantine(pack: record.pack, offset: record.offset)
    }
}
