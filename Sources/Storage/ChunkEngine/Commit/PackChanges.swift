// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// What a request, or a group of them, does to the packs.
struct PackChanges {
    struct Change {
        /// The furthest end of a frame that a chunk record now names.
        var end: UInt64 = 0
        var addedByteCount: UInt64 = 0
        var addedFrameCount: UInt64 = 0
        var removedByteCount: UInt64 = 0
        var removedFrameCount: UInt64 = 0
        var isRecompressed = false
    }

    private(set) var byPack: [UInt32: Change] = [:]
    /// Packs whose record goes away; nothing in them may be live then.
    private(set) var dropped: Set<UInt32> = []

    mutating func add(_ chunk: ChunkRecord) {
        var change = byPack[chunk.pack] ?? Change()
        change.end = max(change.end, chunk.offset + chunk.frameByteCount)
        change.addedByteCount += chunk.frameByteCount
        change.addedFrameCount += 1
        byPack[chunk.pack] = change
    }

    mutating func remove(_ chunk: ChunkRecord) {
        byPack[chunk.pack, default: Change()].removedByteCount += chunk.frameByteCount
        byPack[chunk.pack, default: Change()].removedFrameCount += 1
    }

    /// Says that no frame of the pack gains anything from being compressed again.
    mutating func markRecompressed(_ pack: UInt32) {
        byPack[pack, default: Change()].isRecompressed = true
    }

    mutating func drop(_ pack: UInt32) {
        dropped.insert(pack)
    }

    mutating func merge(_ other: PackChanges) {
        for (pack, change) in other.byPack {
            var merged = byPack[pack] ?? Change()
            merged.end = max(merged.end, change.end)
            merged.addedByteCount += change.addedByteCount
            merged.addedFrameCount += change.addedFrameCount
            merged.removedByteCount += change.removedByteCount
            merged.removedFrameCount += change.removedFrameCount
            merged.isRecompressed = merged.isRecompressed || change.isRecompressed
            byPack[pack] = merged
        }
        dropped.formUnion(other.dropped)
    }

    /// The records after the change, in the order of ids; nil for a pack that goes.
    ///
    /// - Throws: `corrupted` when more is taken from a pack than it has.
    func apply(to records: (UInt32) -> PackRecord?) throws(StoreError) -> [(id: UInt32, record: PackRecord?)] {
        var result: [(id: UInt32, record: PackRecord?)] = []
        for (id, change) in byPack.sorted(by: { $0.key < $1.key }) {
            var record =
                records(id)
                ?? PackRecord(
                    state: .open,
                    committedEnd: UInt64(PackFormat.headerByteCount),
                    liveByteCount: 0,
                    liveFrameCount: 0
                )
            record.isRecompressed = record.isRecompressed || change.isRecompressed
            record.committedEnd = max(record.committedEnd, change.end)
            record.liveByteCount += change.addedByteCount
            record.liveFrameCount += change.addedFrameCount
            guard record.liveByteCount >= change.removedByteCount, record.liveFrameCount >= change.removedFrameCount
            else {
                throw StoreError(.corrupted, diagnosis: "pack \(id) has fewer live bytes than its chunks")
            }
            record.liveByteCount -= change.removedByteCount
            record.liveFrameCount -= change.removedFrameCount
            if dropped.contains(id) {
                guard record.liveFrameCount == 0 else {
                    throw StoreError(.corrupted, diagnosis: "pack \(id) is dropped with live chunks")
                }
                result.append((id, nil))
            } else {
                result.append((id, record))
            }
        }
        for id in dropped.sorted() where byPack[id] == nil { result.append((id, nil)) }
        return result
    }
}
