// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// How far the recipe of a long stream is committed.
struct SegmentProgress: Sendable {
    /// Set by the first segment.
    var id: UInt64?
    var count: UInt32 = 0
    var entryCount: UInt64 = 0
    /// Offset behind the last committed chunk.
    var end: UInt64 = 0
}

extension CommitPipeline {
    /// Commits a segment of a content that still streams. The first one leaves the marker by which a later start finds a
    /// recipe without a head.
    func commitSegment(
        _ chunks: [StagedChunk],
        _ progress: inout SegmentProgress,
        _ holds: ChunkHolds,
        isUrgent: Bool = false
    ) async throws(StoreError) {
        let before = progress
        progress = try await commit([], isUrgent: isUrgent) { transaction throws(StoreError) in
            var after = before
            let id = before.id ?? transaction.engine.contentIDs.next()
            if before.id == nil { transaction.put(.system, EngineKeys.pending(id), EngineKeys.markerValue) }
            after.id = id
            after.end = try transaction.putSegment(id, before.count, start: before.end, chunks)
            after.count += 1
            after.entryCount += UInt64(chunks.count)
            transaction.packsToSync.append(contentsOf: holds.packs)
            return after
        }
        holds.release(Set(chunks.map(\.digest)))
    }

    /// Gives up a recipe whose first segments are committed. Urgent, as uploads are given up just when too many commits wait,
    /// and without this one their space would stay taken until the next start, which does the same.
    func giveUp(_ id: UInt64) async {
        try? await commit([], isUrgent: true) { transaction throws(StoreError) in transaction.giveUp(id) }
    }
}
