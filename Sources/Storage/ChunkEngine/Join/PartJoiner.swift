// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// What a run of joins did.
package struct JoinReport: Sendable, Hashable {
    /// Multipart contents whose parts are stretches of one recipe now.
    package internal(set) var joinedCount: UInt64 = 0
    /// Those that stay as they are because a chunk at a border is damaged.
    package internal(set) var damagedCount: UInt64 = 0

    package init(joinedCount: UInt64 = 0) {
        self.joinedCount = joinedCount
    }
}

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

    mutating func run() async throws(StoreError) -> JoinReport {
        var from = EngineKeys.range(of: EngineKeys.joinPrefix).lower
        while true {
            let (engine, start) = (engine, from)
            let assemblies = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try engine.contents(marked: EngineKeys.joinPrefix, from: start, limit: Self.assemblyCountPerListing)
            }
            guard let last = assemblies.last else { return report }
            for assembly in assemblies {
                if mustEnd { return report }
                try await join(assembly)
            }
            from = EngineKeys.join(last) + [0]
        }
    }

    private var mustEnd: Bool { Task.isCancelled || engine.joins.isAskedToEnd }

    private mutating func join(_ assembly: UInt64) async throws(StoreError) {
        let pin = ContentPin(assembly, engine.pins)
        defer { withExtendedLifetime(pin) {} }
        do throws(StoreError) {
            try await joinPinned(assembly)
        } catch {
            // What can't be read need not keep the others waiting; what can't be written must.
            guard error.code == .corrupted || error.code == .ioFailure, engine.health.refusal == nil else {
                throw error
            }
            guard error.code == .corrupted else { return }
            report.damagedCount += 1
            try await leave(assembly)
        }
    }

    private mutating func joinPinned(_ assembly: UInt64) async throws(StoreError) {
        let engine = engine
        let join = try await engine.workers.run(.maintenance) { () throws(StoreError) in
            try PartJoin(engine, assembly)
        }
        guard let join else { return try await leave(assembly) }
        do throws(StoreError) {
            if try await perform(join) {
                report.joinedCount += 1
            } else {
                await giveUp(join)
            }
        } catch {
            await giveUp(join)
            throw error
        }
    }

    /// Says whether the parts are joined: not when this has to end before, or the assembly has gone meanwhile.
    private func perform(_ join: PartJoin) async throws(StoreError) -> Bool {
        let engine = engine
        let hasRoom = try await engine.workers.run { () throws(StoreError) in
            try engine.space.hasRoom(for: join.freshByteCountMax)
        }
        guard hasRoom else { return false }
        while !join.isAtEnd {
            if mustEnd { return false }
            let (_, time) = try await engine.workers.run(.maintenance) { () throws(StoreError) in
                try ThreadTime.measure { () throws(StoreError) in try join.step() }
            }
            while let digest = join.awaitedDigest {
                await engine.inFlight.claimEnd(of: digest)
                try await engine.workers.run(.maintenance) { () throws(StoreError) in try join.resolve() }
            }
            try await commitFullSegments(join)
            if let coreShareMax { await pause(time * (1 / coreShareMax - 1)) }
        }
        let recipe = join.recipe
        return try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            try transaction.join(join.assembly, join.parts, as: recipe)
        }
    }

    private func commitFullSegments(_ join: PartJoin) async throws(StoreError) {
        let limit = engine.configuration.segmentEntryCountMax
        while join.staged.count > limit {
            let chunks = join.takeStaged(limit)
            try await commits.commitSegment(chunks, &join.segments, join.holds, isUrgent: true)
        }
    }

    private func giveUp(_ join: PartJoin) async {
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
    /// Contents with an entry of this kind in table `system`, those from `start` on. Blocks.
    func contents(marked prefix: UInt8, from start: [UInt8], limit: Int) throws(StoreError) -> [UInt64] {
        var contents: [UInt64] = []
        let cursor = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.cursor(.system, from: start, until: EngineKeys.range(of: prefix).upper)
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
