// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// What a collection would do, found out by doing it without a commit. Blocks.
struct GarbageEstimate {
    private let engine: EngineParts
    private let policy: GarbagePolicy
    private let stop: StopSign
    private let overlay: CommitOverlay
    private var packChanges = PackChanges()
    private var report = GCReport()

    init(_ engine: EngineParts, _ policy: GarbagePolicy, _ stop: StopSign) {
        self.engine = engine
        self.policy = policy
        self.stop = stop
        overlay = CommitOverlay(engine.metadata)
    }

    /// Memory: about 300 bytes per chunk that would go.
    mutating func run() throws(StoreError) -> GCReport {
        while true {
            var contentCount = 0
            for content in try queue() {
                try StorageCall.metadata { () throws(MetadataError) in try stop.check() }
                var transaction = transaction()
                let step = try transaction.reclaim([content], entryCountMax: .max, nil)
                packChanges.merge(transaction.packChanges)
                report.add(step)
                contentCount += step.contentCount
            }
            if contentCount == 0 { break }
        }
        try treatPacks()
        return report
    }

    private func transaction() -> CommitTransaction {
        CommitTransaction(now: engine.clock.now(), engine: engine, overlay: overlay)
    }

    private func queue() throws(StoreError) -> [UInt64] {
        var contents: [UInt64] = []
        let range = EngineKeys.range(of: EngineKeys.reclaimPrefix)
        try transaction().scan(.system, from: range.lower, until: range.upper) { key, _ in
            if let id = EngineKeys.number(in: key, as: UInt64.self) { contents.append(id) }
            return true
        }
        return contents
    }

    private mutating func treatPacks() throws(StoreError) {
        var records = engine.packs.records
        for (id, record) in try packChanges.apply(to: { records[$0] }) { records[id] = record }
        for (id, record) in records {
            let earlier = engine.treatedPacks[id]
            switch engine.treatment(of: id, record, policy) {
            case .leave:
                report.remainingGarbageByteCount += earlier.untreatedByteCount(record)
            case .hole:
                report.holeByteCount += earlier.untreatedByteCount(record)
            case .recompress:
                // What it would save only doing it tells.
                report.recompressedPackCount += 1
            case .rewrite:
                report.compactedPackCount += 1
                report.movedByteCount += record.liveByteCount
                fallthrough
            case .delete:
                report.deletedPackCount += 1
                report.deletedByteCount += record.committedEnd
            }
        }
    }
}
