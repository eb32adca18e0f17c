// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes
import Synchronization

/// Joins the parts of multipart contents, beside everything else the engine does.
///
/// To the engine a join is an upload: it holds the chunks it finds or writes, and its recipe's first segments have a pending marker
/// until one commit puts the whole in the place of the parts. Before that nobody sees it, and what is left of it after a crash is
/// given back. The assembly is pinned meanwhile, and so are its parts.
struct PartJoiner {
    private let engine: EngineParts
    private let commits: CommitPipeline
    /// Of one core; nil as fast as it goes.
    private let coreShareMax: Double?
    private let pause: @Sendable (Duration) async -> Void
    private var report = JoinReport()

    init(
        _ engine: EngineParts,
        _ commits: CommitPipeline,
        coreShareMax: Double?,
        pause: @escaping @Sendable (Duration) async -> Void
    ) {
        self.engine = engine
        self.commits = commits
        self.coreShareMax = coreShareMax
        self.pause = pause
    }

    private static let assemblyCountPerListing = 64
    /// A full drive has no room for the others either.
    private static let postponedCountMax = 16
    /// Of a core, to commit a chunk of a recipe or a part.
    private static let timePerEntry = Duration.microseconds(5)

    /// Goes on behind the last one tried, so that one which takes long and is always interrupted does not keep the others waiting.
    mutating func run() async throws(StoreError) -> JoinReport {
        let all = EngineKeys.range(of: EngineKeys.joinPrefix)
        let middle = EngineKeys.join(engine.lastTriedJoin.load(ordering: .relaxed)) + [0]
        try await joinAll(from: middle, until: all.upper)
        try await joinAll(from: all.lower, until: middle)
        return report
    }

    private mutating func joinAll(from lower: [UInt8], until upper: [UInt8]) async throws(StoreError) {
        var from = lower
        while !mustEnd {
            let (engine, start) = (engine, from)
            let assemblies = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try engine.contents(
                    marked: EngineKeys.joinPrefix,
                    from: start,
                    until: upper,
                    limit: Self.assemblyCountPerListing
                )
            }
            guard let last = assemblies.last else { return }
            for assembly in assemblies where !mustEnd { try await join(assembly) }
            from = EngineKeys.join(last) + [0]
        }
    }

    private var mustEnd: Bool {
        Task.isCancelled || engine.joins.isAskedToEnd || report.postponedCount >= Self.postponedCountMax
    }

    private mutating func join(_ assembly: UInt64) async throws(StoreError) {
        try engine.health.check()
        // Who is in no hurry waits for the next attempt.
        guard coreShareMax == nil || engine.failedJoins.isDue(assembly, engine.clock.now()) else { return }
        engine.lastTriedJoin.store(assembly, ordering: .relaxed)
        let pin = ContentPin(assembly, engine.pins)
        defer { withExtendedLifetime(pin) {} }
        do throws(StoreError) {
            try await joinPinned(assembly)
        } catch {
            guard engine.health.refusal == nil else { throw error }
            switch error.code {
            case .insufficientStorage: report.postponedCount += 1
            case .ioFailure where engine.failedJoins.note(assembly, engine.clock.now()): report.unreadableCount += 1
            case .corrupted, .ioFailure:
                report.damagedCount += 1
                try await leave(assembly)
            default: throw error
            }
        }
    }

    private mutating func joinPinned(_ assembly: UInt64) async throws(StoreError) {
        let engine = engine
        let join = try await engine.workers.run(.maintenance) { () throws(StoreError) in
            try PartJoin(engine, assembly)
        }
        guard let join else { return try await leave(assembly) }
        let outcome: Outcome
        do throws(StoreError) {
            outcome = try await perform(join)
        } catch {
            await giveUp(join)
            throw error
        }
        if outcome != .joined { await giveUp(join) }
        switch outcome {
        case .joined: report.joinedCount += 1
        case .interrupted: break
        case .noRoom: report.postponedCount += 1
        case .gone: try await leave(assembly)
        case .costly:
            report.costlyCount += 1
            try await leave(assembly)
        }
    }

    private enum Outcome {
        case joined
        case interrupted
        /// Nobody refers to the assembly any more.
        case gone
        case noRoom
        case costly
    }

    private func perform(_ join: PartJoin) async throws(StoreError) -> Outcome {
        let engine = engine
        if let obstacle = try await obstacle(to: join) { return obstacle }
        while !join.isAtEnd {
            if mustEnd { return .interrupted }
            try engine.health.check()
            let (_, time) = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try ThreadTime.measure { () throws(StoreError) in try join.step() }
            }
            while let digest = join.awaitedDigest {
                await engine.inFlight.claimEnd(of: digest)
                try await engine.workers.run(.maintenance) { () throws(StoreError) in try join.resolve() }
            }
            if join.isCostly { return .costly }
            let (limit, before) = (engine.configuration.segmentEntryCountMax, join.segments.entryCount)
            while join.staged.count > limit {
                if let obstacle = try await obstacle(to: join) { return obstacle }
                try await commitSegment(join)
            }
            await rest(after: time, entryCount: Int(join.segments.entryCount - before))
        }
        if let obstacle = try await obstacle(to: join) { return obstacle }
        let recipe = join.recipe
        let isJoined = try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            try transaction.join(join.assembly, join.parts, as: recipe)
        }
        await rest(after: .zero, entryCount: recipe.chunks.count + join.parts.count)
        return isJoined ? .joined : .gone
    }

    /// What keeps a join from its next commit.
    private func obstacle(to join: PartJoin) async throws(StoreError) -> Outcome? {
        let space = engine.space
        return try await engine.workers.run(.maintenance) { () throws(StoreError) in
            guard try join.isWanted() else { return .gone }
            return try space.hasRoom(for: join.roomByteCount, isForLater: true) ? nil : .noRoom
        }
    }

    private func commitSegment(_ join: PartJoin) async throws(StoreError) {
        let chunks = join.takeStaged(engine.configuration.segmentEntryCountMax)
        try await commits.commitSegment(chunks, &join.segments, join.holds, isUrgent: true)
    }

    private func rest(after time: Duration, entryCount: Int) async {
        guard let coreShareMax else { return }
        await pause((time + Self.timePerEntry * entryCount) * (1 / coreShareMax - 1))
    }

    private func giveUp(_ join: PartJoin) async {
        // What was written needs a record: a collection sees nothing of it else.
        while join.staged.contains(where: { !$0.isIndexed }) { try? await commitSegment(join) }
        join.holds.releaseAll()
        if let id = join.segments.id { await commits.giveUp(id) }
    }

    /// Does not come back to it.
    private func leave(_ assembly: UInt64) async throws(StoreError) {
        try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            transaction.delete(.system, EngineKeys.join(assembly))
        }
    }
}

extension EngineParts {
    /// Contents with an entry of this kind in table `system`, those from `start` on, and before `end`. Blocks.
    func contents(
        marked prefix: UInt8,
        from start: [UInt8],
        until end: [UInt8]? = nil,
        limit: Int
    ) throws(StoreError) -> [UInt64] {
        var contents: [UInt64] = []
        let cursor = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.cursor(.system, from: start, until: end ?? EngineKeys.range(of: prefix).upper)
        }
        while contents.count < limit, try StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) {
            guard let id = cursor.withCurrent({ key, _ in EngineKeys.number(in: key, as: UInt64.self) }) else {
                throw StoreError(.corrupted, diagnosis: "marker of a content with a key of another length")
            }
            contents.append(id)
        }
        return contents
    }
}
