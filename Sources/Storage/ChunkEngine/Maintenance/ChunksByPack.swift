// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// A chunk as the index has it.
struct IndexedChunk: Sendable {
    let digest: SHA256Digest
    let record: ChunkRecord
    /// What of its group lies before its frame, if the frame's header was read as well.
    var groupDistance: UInt32?
}

/// The chunks of a few packs, collected in one walk over the index.
struct ChunksByPack {
    private var chunks: [UInt32: [IndexedChunk]] = [:]

    /// Records that can't be read are passed over: their packs' counts will not come out.
    init(_ metadata: any MetadataReading, packs: Set<UInt32>) throws(StoreError) {
        var found: [UInt32: [IndexedChunk]] = [:]
        try metadata.forEach(.chunks, from: [], until: nil) { key, value in
            guard key.count == 32, let record = try? ChunkRecord(decoding: value), packs.contains(record.pack) else {
                return
            }
            found[record.pack, default: []].append(IndexedChunk(digest: SHA256Digest(bytes: key), record: record))
        }
        chunks = found
    }

    /// The chunks of a pack in the order of their offsets, no longer held here.
    mutating func take(_ pack: UInt32) -> [IndexedChunk] {
        (chunks.removeValue(forKey: pack) ?? []).sorted { $0.record.offset < $1.record.offset }
    }
}
