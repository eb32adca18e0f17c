// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// What a collection would do, found out by counting what it would take. Blocks.
///
/// Memory is bounded by counting a share of the chunks, or of the parts, at a time; each share reads what was released once.
struct GarbageEstimate {
    private let engine: EngineParts
    private let policy: GarbagePolicy
    private let metadata: any MetadataReading
    private let entryCountMax: Int
    private let released: ReleasedContents
    private var packChanges = PackChanges()
    private var report = GCReport()

    init(
        _ engine: EngineParts,
        _ policy: GarbagePolicy,
        _ metadata: any MetadataReading,
        entryCountMax: Int
    ) throws(StoreError) {
        self.engine = engine
        self.policy = policy
        self.metadata = metadata
        self.entryCountMax = entryCountMax
        released = try ReleasedContents(metadata, engine.pins, entryCountMax: entryCountMax)
    }

    mutating func run() throws(StoreError) -> GCReport {
        if policy.joinsParts { try countJoins() }
        report.contentCount = released.count
        report.postponedContentCount = released.postponedCount
        try countChunks()
        try treatPacks()
        return report
    }

    /// Some turn out to be too costly or damaged, and what it would free only doing it tells.
    private mutating func countJoins() throws(StoreError) {
        let markers = EngineKeys.range(of: EngineKeys.joinPrefix)
        try metadata.forEach(.system, from: markers.lower, until: markers.upper) { _, _ in
            report.joinedContentCount += 1
        }
    }

    private mutating func countChunks() throws(StoreError) {
        var lower: SHA256Digest?
        repeat {
            var uses = UseCounts(from: lower, countMax: entryCountMax)
            try released.forEachEntry { uses.add($0.digest) }
            for (digest, count) in uses.counts {
                guard let record = try metadata.chunkRecord(digest) else { throw StoreError.notInIndex(digest) }
                guard record.referenceCount >= count else {
                    throw StoreError(.corrupted, diagnosis: "chunk \(digest.hex) has no reference to give back")
                }
                guard record.referenceCount == count else { continue }
                packChanges.remove(record)
                report.chunkCount += 1
                report.chunkByteCount += record.frameByteCount
            }
            lower = uses.upper
        } while lower != nil
    }

    private mutating func treatPacks() throws(StoreError) {
        let before = engine.packs.records
        var after = before
        for (id, record) in try packChanges.apply(to: { before[$0] }) { after[id] = record }
        var holed: [UInt32] = []
        for (id, record) in after.sorted(by: { $0.key < $1.key }) {
            let untreatedByteCount = engine.treatedPacks[id].untreatedByteCount(record)
            switch engine.treatment(of: id, record, policy) {
            case .leave:
                report.remainingGarbageByteCount += untreatedByteCount
            case .hole:
                holed.append(id)
            case .recompress:
                // What it would save only doing it tells.
                report.recompressedPackCount += 1
                if untreatedByteCount >= policy.holeByteCountMin { holed.append(id) }
            case .rewrite:
                report.compactedPackCount += 1
                report.movedByteCount += record.liveByteCount
                fallthrough
            case .delete:
                report.deletedPackCount += 1
                report.deletedByteCount += record.committedEnd
            }
        }
        try countHoles(holed[...])
    }

    private mutating func countHoles(_ packs: ArraySlice<UInt32>) throws(StoreError) {
        var rest = packs
        while !rest.isEmpty {
            var chunks: [UInt32: [IndexedChunk]] = [:]
            var uses: [SHA256Digest: UInt64] = [:]
            repeat {
                guard let id = rest.popFirst() else { break }
                let (found, isExact) = try engine.liveChunks(in: id)
                // The collection leaves those alone.
                guard isExact else { continue }
                chunks[id] = found
                for chunk in found { uses[chunk.digest] = 0 }
            } while uses.count < entryCountMax
            try released.forEachEntry { entry in
                if let count = uses[entry.digest] { uses[entry.digest] = count + 1 }
            }
            for (id, found) in chunks {
                try countHoles(id, found.filter { $0.record.referenceCount > uses[$0.digest] ?? 0 })
            }
        }
    }

    private mutating func countHoles(_ id: UInt32, _ live: [IndexedChunk]) throws(StoreError) {
        guard let record = engine.packs.record(id), let file = try engine.packFiles.file(id) else { return }
        let holes = try engine.holes(beside: live, in: file, until: record.committedEnd)
        let byteCount = holes.reduce(0) { $0 + UInt64($1.count) }
        report.holeByteCount += byteCount - min(engine.treatedPacks[id].holeByteCount, byteCount)
    }
}
