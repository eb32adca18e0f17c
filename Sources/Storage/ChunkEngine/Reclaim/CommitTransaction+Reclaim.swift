// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension MaintenanceSession {
    private static let contentCountPerListing = 256
    /// Chunks or parts in one batch.
    private static let entryCountPerCommit = 2_048

    /// Works off the reclaim queue, also what assemblies add to it on the way.
    mutating func reclaim() throws(StoreError) {
        let start = EngineKeys.range(of: EngineKeys.reclaimPrefix).lower
        var from = start
        while true {
            let keys = try systemKeys(EngineKeys.reclaimPrefix, from: from, limit: Self.contentCountPerListing)
            guard let last = keys.last else {
                // At the end; entries may have been added behind our back.
                if from == start { return }
                from = start
                continue
            }
            let contents = keys.compactMap { EngineKeys.number(in: $0, as: UInt64.self) }
            guard contents.count == keys.count else {
                throw StoreError(.corrupted, diagnosis: "reclaim entry with a key of another length")
            }
            try reclaim(contents)
            from = last + [0]
        }
    }

    private mutating func reclaim(_ contents: [UInt64]) throws(StoreError) {
        var rest = contents[...]
        while !rest.isEmpty {
            let queue = [UInt64](rest)
            let step = try commit { transaction throws(StoreError) in
                try transaction.reclaim(queue, entryCountMax: Self.entryCountPerCommit)
            }
            rest = rest.dropFirst(step.contentCount)
            report.contentCount += UInt64(step.contentCount)
            report.chunkCount += step.chunkCount
            report.chunkByteCount += step.chunkByteCount
        }
    }
}

/// How far one batch of a reclamation got.
struct ReclaimStep: Sendable {
    /// Contents that are gone entirely, from the front of the queue.
    var contentCount = 0
    var chunkCount: UInt64 = 0
    var chunkByteCount: UInt64 = 0
}

extension CommitTransaction {
    /// Gives back what released contents refer to, segment by segment, until `entryCountMax` entries are reached. A segment
    /// and its counts go together, so it does not matter where this stops.
    mutating func reclaim(_ contents: [UInt64], entryCountMax: Int) throws(StoreError) -> ReclaimStep {
        var step = ReclaimStep()
        var entryCount = 0
        for content in contents {
            let range = EngineKeys.segments(content)
            while let key = try firstKey(.contents, from: range.lower, until: range.upper) {
                if entryCount >= entryCountMax { return step }
                entryCount += try reclaimSegment(key, &step)
            }
            delete(.contents, EngineKeys.head(content))
            delete(.system, EngineKeys.reclaim(content))
            step.contentCount += 1
            entryCount += 1
        }
        return step
    }

    private mutating func reclaimSegment(_ key: [UInt8], _ step: inout ReclaimStep) throws(StoreError) -> Int {
        guard let bytes = try get(.contents, key) else { return 0 }
        delete(.contents, key)
        if bytes.count > 1, bytes[1] == ContentReference.Kind.assembly.rawValue {
            let segment = try StorageCall.decoding("segment \(key)") { () throws(DecodeError) in
                try AssemblySegment(decoding: bytes)
            }
            for part in segment.parts { try release(part.content) }
            return segment.parts.count
        }
        let segment = try StorageCall.decoding("segment \(key)") { () throws(DecodeError) in
            try RecipeSegment(decoding: bytes)
        }
        for entry in segment.entries { try discount(entry.digest, &step) }
        return segment.entries.count
    }

    /// One reference to a chunk less; the last one takes it out of the index.
    private mutating func discount(_ digest: SHA256Digest, _ step: inout ReclaimStep) throws(StoreError) {
        let key = EngineKeys.chunk(digest)
        guard let bytes = try get(.chunks, key) else {
            throw StoreError(.corrupted, diagnosis: "chunk \(digest.hex) is not in the index")
        }
        var record = try StorageCall.decoding("chunk \(digest.hex)") { () throws(DecodeError) in
            try ChunkRecord(decoding: bytes)
        }
        guard record.referenceCount > 0 else {
            throw StoreError(.corrupted, diagnosis: "chunk \(digest.hex) has no reference to give back")
        }
        record.referenceCount -= 1
        if record.referenceCount > 0 {
            put(.chunks, key, record.encoded)
            return
        }
        delete(.chunks, key)
        packChanges.remove(record)
        step.chunkCount += 1
        step.chunkByteCount += record.frameByteCount
    }
}
