// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension CommitTransaction {
    /// Points the index at frames that were written anew to `pack`, one behind the other from `offset` on; returns their bytes.
    ///
    /// A chunk that left the index meanwhile, or is somewhere else by now, leaves its new frame as garbage.
    mutating func relocate(
        _ frames: [MovedFrame],
        to pack: WritablePack,
        at offset: UInt64
    ) throws(StoreError) -> UInt64 {
        var offset = offset
        var movedByteCount: UInt64 = 0
        for frame in frames {
            let (chunk, target) = (frame.chunk, offset)
            offset += frame.header.frameByteCount
            guard var record = try chunkRecord(chunk.digest), record.pack == chunk.record.pack,
                record.offset == chunk.record.offset
            else { continue }
            packChanges.remove(record)
            record.encoding = frame.header.encoding
            record.encodedByteCount = frame.header.encodedByteCount
            record.xxh3 = frame.header.xxh3
            record.pack = pack.id
            record.offset = target
            packChanges.add(record)
            put(.chunks, EngineKeys.chunk(chunk.digest), record.encoded)
            movedByteCount += record.frameByteCount
        }
        if pack.kind == .recompressed, movedByteCount > 0 { packChanges.markRecompressed(pack.id) }
        packsToSync.append(pack)
        return movedByteCount
    }

    mutating func quarantine(_ chunk: IndexedChunk) throws(StoreError) {
        let key = EngineKeys.quarantine(pack: chunk.record.pack, offset: chunk.record.offset)
        guard try get(.system, key) == nil else { return }
        let record = QuarantineRecord(digest: chunk.digest, seen: now, reason: "the frame does not verify")
        put(.system, key, record.encoded)
        let quarantine = engine.quarantine
        afterCommit { quarantine.note(key) }
    }
}
