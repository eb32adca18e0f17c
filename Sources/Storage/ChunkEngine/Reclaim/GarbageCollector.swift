// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// One collection, beside everything else the engine does.
///
/// First the released contents go: their recipes, and the chunks that only they had. Then the packs: those without live
/// frames are deleted, those with much garbage rewritten, others get holes, and those that got no frame for long are recompressed.
/// Last the metadata gives up deleted inline contents. Each step is one commit and can be the last; the next collection goes
/// on from there; a task that is cancelled ends after the step under way.
///
/// What keeps it from taking what somebody still needs: contents that are read are pinned (`ContentPins`); chunks that an
/// upload found or wrote are held (`InFlightChunks`); a pack is touched only when nobody can commit a frame to it any more
/// (`PackStore.isSettled`).
struct GarbageCollector {
    let engine: EngineParts
    let commits: CommitPipeline
    let policy: GarbagePolicy
    let pause: @Sendable (Duration) async -> Void
    var report = GCReport()
    /// Why a pack was passed over, the first one.
    var failure: StoreError?
    /// Live frames that this collection may still recompress.
    var recompressByteCountLeft: UInt64
    /// When recompressing ends for this collection.
    var recompressEnd = Timestamp(nanoseconds: .max)

    init(
        _ engine: EngineParts,
        _ commits: CommitPipeline,
        _ policy: GarbagePolicy,
        pause: @escaping @Sendable (Duration) async -> Void
    ) {
        self.engine = engine
        self.commits = commits
        self.policy = policy
        self.pause = pause
        recompressByteCountLeft = policy.recompressByteCountMax
    }

    mutating func run() async throws(StoreError) -> GCReport {
        // Assemblies add their parts to the queue, so go round until nothing more comes.
        while try await reclaimQueue() {}
        try await treatPacks()
        try await compactInline()
        if let failure { throw failure }
        return report
    }

    private static let contentCountPerListing = 256

    /// Goes through the reclaim queue once; says whether anything went.
    private mutating func reclaimQueue() async throws(StoreError) -> Bool {
        var from = EngineKeys.range(of: EngineKeys.reclaimPrefix).lower
        var contentCount: UInt64 = 0
        report.postponedContentCount = 0
        while !Task.isCancelled {
            let engine = engine
            let start = from
            let contents = try await engine.workers.run { () throws(StoreError) in
                try engine.contents(marked: EngineKeys.reclaimPrefix, from: start, limit: Self.contentCountPerListing)
            }
            guard let last = contents.last else { return contentCount > 0 }
            contentCount += try await reclaim(contents)
            from = EngineKeys.reclaim(last) + [0]
        }
        return false
    }

    private mutating func reclaim(_ contents: [UInt64]) async throws(StoreError) -> UInt64 {
        var contentCount: UInt64 = 0
        var rest = contents[...]
        while !rest.isEmpty, !Task.isCancelled {
            let (queue, limit) = ([UInt64](rest), policy.entryCountPerCommit)
            let leaving = LeavingChunks(engine.inFlight)
            let step = try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
                try transaction.reclaim(queue, entryCountMax: limit, leaving)
            }
            // Not before the commit: until then the chunks are in the index and must not be found.
            withExtendedLifetime(leaving) {}
            rest = rest.dropFirst(step.contentCount + step.postponedCount)
            contentCount += UInt64(step.contentCount)
            report.add(step)
        }
        return contentCount
    }
}

extension GCReport {
    mutating func add(_ step: ReclaimStep) {
        contentCount += UInt64(step.contentCount)
        postponedContentCount += UInt64(step.postponedCount)
        chunkCount += step.chunkCount
        chunkByteCount += step.chunkByteCount
    }
}
