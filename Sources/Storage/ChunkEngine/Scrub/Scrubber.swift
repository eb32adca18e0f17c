// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// One pass over everything that is stored: live frames, inline contents, and the files of the metadata.
///
/// Goes on where an interrupted pass stopped, to the pack. Of the dead frames it looks only at those that a live one of their group
/// needs: nobody will ever read the others.
struct Scrubber {
    private let engine: EngineParts
    private let commits: CommitPipeline
    private let policy: ScrubPolicy
    private let pause: @Sendable (Duration) async -> Void
    private let found: @Sendable (ScrubFinding) -> Void
    private var report = ScrubReport()

    init(
        _ engine: EngineParts,
        _ commits: CommitPipeline,
        _ policy: ScrubPolicy,
        pause: @escaping @Sendable (Duration) async -> Void,
        found: @escaping @Sendable (ScrubFinding) -> Void
    ) {
        self.engine = engine
        self.commits = commits
        self.policy = policy
        self.pause = pause
        self.found = found
    }

    mutating func run() async throws(StoreError) -> ScrubReport {
        let engine = engine
        let now = engine.clock.now()
        let (stored, isDamaged) = try await engine.workers.run { () throws(StoreError) in try engine.scrubRecord() }
        if isDamaged { note(.metadata("the record of the scrub can't be read; it starts over")) }
        var progress = stored ?? ScrubRecord(started: now, completed: Timestamp(nanoseconds: 0), nextPack: 0)
        if progress.nextPack == 0 || policy.startsOver {
            progress.started = now
            progress.nextPack = 1
            try await save(progress)
        }
        for id in engine.packs.records.keys.sorted() where id >= progress.nextPack {
            guard try await stage({ scrubber throws(StoreError) in try await scrubber.scrubPack(id) }) else {
                return report
            }
            progress.nextPack = id + 1
            try await save(progress)
        }
        guard try await stage({ scrubber throws(StoreError) in try await scrubber.scrubInline() }),
            try await stage({ scrubber throws(StoreError) in try await scrubber.scrubMetadata() })
        else { return report }
        progress.completed = engine.clock.now()
        progress.nextPack = 0
        try await save(progress)
        report.isComplete = true
        return report
    }

    /// Damage to a table of the metadata is a finding, and ends the stage that meets it and no other.
    private mutating func stage(
        _ body: (inout Scrubber) async throws(StoreError) -> Bool
    ) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            return try await body(&self)
        } catch {
            guard error.code == .corrupted else { throw error }
            let finding = ScrubFinding.metadata(error.diagnosis ?? "\(error)")
            if !report.findings.contains(finding) { note(finding) }
            return true
        }
    }

    private func save(_ progress: ScrubRecord) async throws(StoreError) {
        // Somebody asks, and most of all when the store has come to refuse writes.
        if policy.startsOver, engine.health.refusal != nil { return }
        try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            transaction.put(.system, EngineKeys.scrub, progress.encoded)
        }
    }

    private var isToEnd: Bool { Task.isCancelled || engine.scrubs.isAskedToEnd }

    /// False when it ended early.
    private mutating func scrubPack(_ id: UInt32) async throws(StoreError) -> Bool {
        let engine = engine
        let scanPace = BytePace(byteRateMax: policy.scanByteRateMax, pause: pause)
        let chunks = try await engine.liveChunks(in: id, on: .maintenance, scanPace).chunks
        let hasHeader = try await engine.workers.run(.maintenance) { () throws(StoreError) in
            try engine.hasIntactHeader(id)
        }
        if !hasHeader, engine.packs.record(id) != nil { note(.packHeader(id)) }
        var rest = chunks[...]
        while !rest.isEmpty {
            if isToEnd { return false }
            var byteCount: UInt64 = 0
            let slice = [IndexedChunk](
                rest.prefix { chunk in
                    byteCount += chunk.record.frameByteCount
                    return byteCount <= policy.sliceByteCount || byteCount == chunk.record.frameByteCount
                }
            )
            rest = rest.dropFirst(slice.count)
            let damaged = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try engine.damaged(of: slice)
            }
            for chunk in damaged { note(.frame(chunk.digest, pack: chunk.record.pack, offset: chunk.record.offset)) }
            report.chunkCount += UInt64(slice.count)
            await keepPace(slice.reduce(0) { $0 + $1.record.frameByteCount })
        }
        report.packCount += 1
        return true
    }

    private mutating func scrubInline() async throws(StoreError) -> Bool {
        var from: UInt64? = 0
        while let start = from {
            if isToEnd { return false }
            let (engine, limit) = (engine, policy.sliceByteCount)
            let slice = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try engine.checkInline(from: start, byteCountMax: limit)
            }
            for content in slice.damaged { note(.inline(content: content)) }
            report.inlineCount += slice.count
            from = slice.next
            await keepPace(slice.byteCount)
        }
        return true
    }

    private mutating func scrubMetadata() async throws(StoreError) -> Bool {
        if isToEnd { return false }
        let metadata = engine.metadata
        let failure = try await engine.workers.run(until: StopSign()) { stop -> MetadataError? in
            do throws(MetadataError) {
                try metadata.verify(until: stop)
                return nil
            } catch {
                return error
            }
        }
        guard let failure else { return true }
        if Task.isCancelled { return false }
        throw StoreError(failure)
    }

    private mutating func note(_ finding: ScrubFinding) {
        report.add(finding)
        switch finding {
        case .frame(let digest, let pack, let offset):
            engine.quarantine.add(pack: pack, offset: offset, digest, "the frame does not verify")
        case .inline(let content):
            let none = SHA256Digest(words: (0, 0, 0, 0))
            engine.quarantine.add(pack: 0, offset: content, none, "the inline content does not verify")
        case .packHeader, .metadata: break
        }
        found(finding)
    }

    private mutating func keepPace(_ byteCount: UInt64) async {
        report.byteCount += byteCount
        await BytePace(byteRateMax: policy.byteRateMax, pause: pause).rest(after: byteCount)
    }
}
