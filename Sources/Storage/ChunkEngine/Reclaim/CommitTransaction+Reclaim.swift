// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// How far one batch of a reclamation got.
struct ReclaimStep: Sendable {
    /// Contents that are gone entirely. With the postponed ones they make the front of the queue.
    var contentCount = 0
    var postponedCount = 0
    var chunkCount: UInt64 = 0
    var chunkByteCount: UInt64 = 0
}

extension CommitTransaction {
    /// Gives back what released contents refer to, segment by segment, until `entryCountMax` entries are reached. A segment
    /// and its counts go together, so it does not matter where this stops.
    ///
    /// - Parameter leaving: takes the chunks that leave the index, for as long as this commit is under way. Nil when nothing
    ///   is going to be committed.
    mutating func reclaim(
        _ contents: [UInt64],
        entryCountMax: Int,
        _ leaving: LeavingChunks?
    ) throws(StoreError) -> ReclaimStep {
        var step = ReclaimStep()
        var entryCount = 0
        for content in contents {
            guard !engine.pins.isPinned(content) else {
                step.postponedCount += 1
                continue
            }
            let range = EngineKeys.segments(content)
            var isPostponed = false
            while !isPostponed, let key = try firstKey(.contents, from: range.lower, until: range.upper) {
                if entryCount >= entryCountMax { return step }
                if let count = try reclaimSegment(key, leaving, &step) {
                    entryCount += count
                } else {
                    isPostponed = true
                }
            }
            if isPostponed {
                step.postponedCount += 1
                continue
            }
            delete(.contents, EngineKeys.head(content))
            delete(.system, EngineKeys.reclaim(content))
            step.contentCount += 1
            entryCount += 1
        }
        return step
    }

    /// The number of entries given back; nil when an upload holds one of the chunks that would go.
    private mutating func reclaimSegment(
        _ key: [UInt8],
        _ leaving: LeavingChunks?,
        _ step: inout ReclaimStep
    ) throws(StoreError) -> Int? {
        guard let bytes = try get(.contents, key) else { return 0 }
        if bytes.count > 1, bytes[1] == ContentReference.Kind.assembly.rawValue {
            let segment = try StorageCall.decoding("segment \(key)") { () throws(DecodeError) in
                try AssemblySegment(decoding: bytes)
            }
            for part in segment.parts { try release(part.content) }
            delete(.contents, key)
            return segment.parts.count
        }
        let segment = try StorageCall.decoding("segment \(key)") { () throws(DecodeError) in
            try RecipeSegment(decoding: bytes)
        }
        let records = try discounted(segment.entries)
        let last = records.compactMap { $0.record.referenceCount == 0 ? $0.digest : nil }
        if let leaving, !leaving.add(last) { return nil }
        for (digest, record) in records {
            let key = EngineKeys.chunk(digest)
            if record.referenceCount > 0 {
                put(.chunks, key, record.encoded)
            } else {
                delete(.chunks, key)
                try removeFrame(record)
                step.chunkCount += 1
                step.chunkByteCount += record.frameByteCount
            }
        }
        delete(.contents, key)
        return segment.entries.count
    }

    /// The chunks of a segment, each once, with the references it would have without the segment.
    private func discounted(
        _ entries: [RecipeEntry]
    ) throws(StoreError) -> [(digest: SHA256Digest, record: ChunkRecord)] {
        var records: [(digest: SHA256Digest, record: ChunkRecord)] = []
        var positions: [SHA256Digest: Int] = [:]
        records.reserveCapacity(entries.count)
        for entry in entries {
            let position = positions[entry.digest] ?? records.count
            if position == records.count {
                records.append((entry.digest, try indexed(entry.digest)))
                positions[entry.digest] = position
            }
            guard records[position].record.referenceCount > 0 else {
                throw StoreError(.corrupted, diagnosis: "chunk \(entry.digest.hex) has no reference to give back")
            }
            records[position].record.referenceCount -= 1
        }
        return records
    }

    private func indexed(_ digest: SHA256Digest) throws(StoreError) -> ChunkRecord {
        guard let record = try chunkRecord(digest) else {
            throw StoreError.notInIndex(digest)
        }
        return record
    }
}
