// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Synchronization

extension GarbageCollector {
    mutating func treatPacks() async throws(StoreError) {
        // First of all, so that no pack takes the frames of another and is then rewritten itself.
        for current in engine.packs.currentIDs where treatment(of: current) != .leave {
            engine.packs.closeCurrent(ifIs: current)
        }
        var cold: [UInt32] = []
        for id in engine.packs.records.keys.sorted() where !Task.isCancelled {
            var treatment = treatment(of: id)
            if treatment != .leave, !engine.packs.isSettled(id) { treatment = .leave }
            if treatment == .recompress { cold.append(id) }
            try await passingOver(id) { collector async throws(StoreError) in try await collector.treat(id, treatment) }
            if treatment != .recompress { noteRemainingGarbage(id) }
        }
        // Last, for it takes longest, and who has deleted something waits for it.
        recompressEnd = engine.clock.now().advanced(bySeconds: policy.recompressSecondsMax)
        for id in cold where !Task.isCancelled {
            try await passingOver(id) { collector async throws(StoreError) in try await collector.recompress(id) }
            noteRemainingGarbage(id)
        }
    }

    private mutating func treat(_ id: UInt32, _ treatment: GarbagePolicy.Treatment) async throws(StoreError) {
        switch treatment {
        case .leave: break
        case .delete: try await delete(id)
        case .rewrite: try await rewrite(id)
        case .recompress: try await makeHoles(beforeRecompressing: id)
        case .hole: try await makeHoles(id)
        }
    }

    /// A pack that can't be read keeps nobody from collecting the others. To find that out takes reading it, and the whole index.
    private mutating func passingOver(
        _ id: UInt32,
        _ treat: (inout GarbageCollector) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let now = engine.clock.now()
        if let failed = engine.treatedPacks[id].failed, failed <= now,
            now < failed.advanced(bySeconds: policy.retrySecondsMin)
        {
            return
        }
        do throws(StoreError) {
            try await treat(&self)
        } catch {
            guard error.code == .ioFailure, engine.health.refusal == nil else { throw error }
            engine.treatedPacks.note(id) { $0.failed = now }
            failure = failure ?? error
        }
    }

    /// Its turn may come hours later.
    private mutating func makeHoles(beforeRecompressing id: UInt32) async throws(StoreError) {
        guard let record = engine.packs.record(id),
            engine.treatedPacks[id].untreatedByteCount(record) >= policy.holeByteCountMin
        else { return }
        try await makeHoles(id)
    }

    private mutating func noteRemainingGarbage(_ id: UInt32) {
        guard let record = engine.packs.record(id) else { return }
        report.remainingGarbageByteCount += engine.treatedPacks[id].untreatedByteCount(record)
    }

    var scanPace: BytePace { BytePace(byteRateMax: policy.scanByteRateMax, pause: pause) }

    private func treatment(of id: UInt32) -> GarbagePolicy.Treatment {
        guard let record = engine.packs.record(id) else { return .leave }
        return engine.treatment(of: id, record, policy)
    }

    /// What the file system has for others between two steps that give it something back.
    private static let freeingPause = Duration.milliseconds(5)

    mutating func delete(_ id: UInt32) async throws(StoreError) {
        guard let record = engine.packs.record(id) else { return }
        try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            transaction.packChanges.drop(id)
        }
        let engine = engine
        var end = record.committedEnd
        while end > policy.freedByteCountPerStep {
            end -= policy.freedByteCountPerStep
            let size = end
            try await engine.workers.run { () throws(StoreError) in try engine.shortenPackFile(id, to: size) }
            await pause(Self.freeingPause)
        }
        try await engine.workers.run { () throws(StoreError) in try engine.removePackFile(id) }
        report.deletedPackCount += 1
        report.deletedByteCount += record.committedEnd
    }

    private mutating func rewrite(_ id: UInt32) async throws(StoreError) {
        let engine = engine
        if try await lacksRoom(toCopy: id) {
            // Holes need no room, and copies would take what metadata and deletes live on. What groups still need gets none.
            guard let byteCount = try await makeHoles(id), let record = engine.packs.record(id),
                byteCount < record.garbageByteCount / 4
            else { return }
        }
        let chunks = try await engine.liveChunks(in: id, scanPace).chunks
        report.compactedPackCount += 1
        var rest = chunks[...]
        var isReadable = true
        while !rest.isEmpty {
            if Task.isCancelled { return }
            // What is made anew may be twenty times as long as its frames.
            let batch = takeBatch(&rest, policy.moveByteCount) { max($0.frameByteCount, UInt64($0.plainByteCount) / 4) }
            do throws(StoreError) {
                isReadable = try await move(batch, outOf: id) && isReadable
            } catch {
                guard error.code == .insufficientStorage else { throw error }
                try await makeHoles(id)
                return
            }
        }
        if engine.packs.record(id)?.liveFrameCount == 0 {
            try await delete(id)
        } else {
            // Damaged frames; or chunks that left the index meanwhile and do not count as live much longer.
            try await leave(id, isReadable: isReadable)
        }
    }

    /// Does not come back to what could not be moved, but a few times to what could not be read. What was moved gives its room back.
    mutating func leave(_ id: UInt32, isReadable: Bool) async throws(StoreError) {
        if isReadable || !engine.failedMoves.note(UInt64(id), engine.clock.now()) {
            engine.treatedPacks.note(id) { $0.isUnmovable = true }
        }
        try await makeHoles(id)
    }

    /// The next chunks that one commit moves.
    func takeBatch(
        _ rest: inout ArraySlice<IndexedChunk>,
        _ byteCountMax: UInt64,
        _ byteCount: (ChunkRecord) -> UInt64
    ) -> [IndexedChunk] {
        var sum: UInt64 = 0
        let batch = rest.prefix { chunk in
            let isFirst = sum == 0
            sum += byteCount(chunk.record)
            return sum <= byteCountMax || isFirst
        }
        rest = rest.dropFirst(batch.count)
        return [IndexedChunk](batch)
    }

    func lacksRoom(toCopy id: UInt32) async throws(StoreError) -> Bool {
        guard let record = engine.packs.record(id) else { return false }
        let engine = engine
        return try await engine.workers.run { () throws(StoreError) in
            try !engine.space.hasRoom(for: record.liveByteCount)
        }
    }

    /// Copies frames to the current pack and points the index there, which syncs it first. False when the device could not read some
    /// of them.
    private mutating func move(_ chunks: [IndexedChunk], outOf id: UInt32) async throws(StoreError) -> Bool {
        let (engine, level) = (engine, policy.recompressLevel)
        let (copy, time) = try await engine.workers.run { () throws(StoreError) in
            try ThreadTime.measure { () throws(StoreError) in
                try engine.moveFrames(chunks, outOf: id, level: level)
            }
        }
        let movedByteCount = try await commit(copy)
        await BytePace(byteRateMax: policy.moveByteRateMax, pause: pause).rest(after: movedByteCount)
        await rest(after: time)
        return !copy.isPartlyUnreadable
    }

    /// Points the index at new frames, and notes the damaged ones; returns the bytes of those that count.
    mutating func commit(_ copy: EngineParts.FrameCopy) async throws(StoreError) -> UInt64 {
        let movedByteCount = try await commits.commit([], isUrgent: true) { transaction throws(StoreError) -> UInt64 in
            for chunk in copy.damaged { try transaction.quarantine(chunk) }
            guard let (pack, offset) = copy.target else { return 0 }
            return try transaction.relocate(copy.intact, to: pack, at: offset)
        }
        report.movedByteCount += movedByteCount
        report.damagedFrameCount += UInt64(copy.damaged.count)
        return movedByteCount
    }

    /// Returns how much of it the file system has taken.
    private func make(_ holes: [Range<UInt64>], in id: UInt32) async throws(StoreError) -> UInt64 {
        var byteCount: UInt64 = 0
        var rest = holes[...]
        while !rest.isEmpty {
            var sum: UInt64 = 0
            let step = rest.prefix { hole in
                defer { sum += UInt64(hole.count) }
                return sum == 0 || sum + UInt64(hole.count) <= policy.freedByteCountPerStep
            }
            rest = rest.dropFirst(step.count)
            let engine = engine
            let isMade = try await engine.workers.run { () throws(StoreError) in try engine.makeHoles(step, in: id) }
            // A file system without holes gives nothing back here; rewriting has to do.
            guard isMade else { break }
            byteCount += step.reduce(0) { $0 + UInt64($1.count) }
            if !rest.isEmpty { await pause(Self.freeingPause) }
        }
        return byteCount
    }

    /// The bytes in holes, those of earlier ones included: 0 where the file system has none, nil when it is left for later.
    @discardableResult
    mutating func makeHoles(_ id: UInt32) async throws(StoreError) -> UInt64? {
        let engine = engine
        guard let before = engine.packs.record(id) else { return nil }
        let treated = engine.treatedPacks[id]
        // A pack that waits for the room to be rewritten comes here in each round.
        guard treated.untreatedByteCount(before) > 0 else { return treated.holeByteCount }
        let (live, isExact) = try await engine.liveChunks(in: id, scanPace)
        // The index and the pack's record do not agree yet; the next collection may see it clearer.
        guard isExact else { return nil }
        let limit = policy.freedByteCountPerStep
        let holes = try await engine.workers.run { () throws(StoreError) in
            try engine.holes(beside: live, in: id, byteCountMax: limit)
        }
        let byteCount = try await make(holes, in: id)
        engine.treatedPacks.note(id) { treated in
            treated.holedByteCount = before.garbageByteCount
            treated.holeByteCount = byteCount
        }
        report.holeByteCount += byteCount - min(treated.holeByteCount, byteCount)
        return byteCount
    }
}

/// What collections since the start did to the packs that are still there.
final class TreatedPacks: Sendable {
    struct Treated {
        /// The garbage that was looked at when holes were made.
        var holedByteCount: UInt64 = 0
        /// Bytes of whole pages in the holes.
        var holeByteCount: UInt64 = 0
        /// A rewrite or a recompression left frames behind.
        var isUnmovable = false
        /// When it could not be read.
        var failed: Timestamp?
        /// A sample of it became shorter.
        var isWorthRecompressing = false
        /// When it was first seen with as many bytes as it has.
        var growth: (end: UInt64, seen: Timestamp)?

        /// Garbage that has come since holes were made.
        func untreatedByteCount(_ record: PackRecord) -> UInt64 {
            record.garbageByteCount - min(holedByteCount, record.garbageByteCount)
        }
    }

    private let packs = Mutex<[UInt32: Treated]>([:])

    subscript(_ id: UInt32) -> Treated { packs.withLock { $0[id] ?? Treated() } }

    func note(_ id: UInt32, _ change: (inout Treated) -> Void) {
        packs.withLock { change(&$0[id, default: Treated()]) }
    }

    func forget(_ id: UInt32) {
        packs.withLock { $0[id] = nil }
    }

    /// How long the pack is known not to have grown: not longer than since the start.
    func idleSeconds(_ id: UInt32, end: UInt64, now: Timestamp) -> Int64 {
        packs.withLock { packs in
            if let growth = packs[id]?.growth, growth.end == end, growth.seen <= now {
                return now.seconds - growth.seen.seconds
            }
            packs[id, default: Treated()].growth = (end, now)
            return 0
        }
    }
}

extension EngineParts {
    func treatment(of id: UInt32, _ record: PackRecord, _ policy: GarbagePolicy) -> GarbagePolicy.Treatment {
        let isWatched = policy.recompressIdleSecondsMin != nil && !record.isRecompressed
        let now = clock.now()
        let idleSeconds = isWatched ? treatedPacks.idleSeconds(id, end: record.committedEnd, now: now) : 0
        var earlier = treatedPacks[id]
        if !failedMoves.isDue(UInt64(id), now, after: policy.retrySecondsMin) { earlier.isUnmovable = true }
        let isCurrent = packs.currentIDs.contains(id)
        return policy.treatment(record, isCurrent: isCurrent, idleSeconds: idleSeconds, earlier: earlier)
    }
}
