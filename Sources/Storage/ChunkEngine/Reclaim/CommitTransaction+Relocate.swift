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
            guard let record = try chunkRecord(chunk.digest), record.pack == chunk.record.pack,
                record.offset == chunk.record.offset
            else { continue }
            let moved = ChunkRecord(
                encoding: frame.header.encoding,
                pack: pack.id,
                offset: target,
                encodedByteCount: frame.header.encodedByteCount,
                plainByteCount: frame.header.plainByteCount,
                xxh3: frame.header.xxh3,
                referenceCount: record.referenceCount
            )
            try removeFrame(record)
            packChanges.add(moved)
            put(.chunks, EngineKeys.chunk(chunk.digest), moved.encoded)
            movedByteCount += moved.frameByteCount
        }
        if pack.kind == .recompressed, movedByteCount > 0 { packChanges.markRecompressed(pack.id) }
        packsToSync.append(pack)
        return movedByteCount
    }
}
