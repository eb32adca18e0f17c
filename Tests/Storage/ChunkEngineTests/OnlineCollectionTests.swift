// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

/// Beside uploads, reads and deletes.
@Suite struct `An online collection` {
    private static func content(_ seed: UInt64, _ byteCount: UInt64 = 4_000) -> [UInt8] {
        PatternContent(seed: seed).bytes(0..<byteCount)
    }

    private func collect(_ fixture: EngineFixture, _ policy: GarbagePolicy = .all) async throws -> GCReport {
        try await fixture.engine.collectGarbage(policy) { _ in }
    }

    @Test func `gives everything back and goes on`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<10 { try await fixture.put("k\(index)", Self.content(UInt64(index))) }
        for index in [0, 2, 3, 7] { try await fixture.delete("k\(index)") }
        let estimate = try await fixture.engine.estimateGarbage(.all)
        #expect(try await fixture.engine.estimateGarbage(.all, entryCountMax: 2) == estimate)
        let report = try await collect(fixture)
        #expect(report == estimate)
        #expect(report.contentCount == 4 && report.freedByteCount > 15_000 && report.postponedContentCount == 0)
        for index in [1, 4, 5, 6, 8, 9] { #expect(try await fixture.get("k\(index)") == Self.content(UInt64(index))) }
        try fixture.expectSound()
        #expect(try fixture.statistics().garbageByteCount == 0)
        try await fixture.put("more", Self.content(77))
        #expect(try await collect(fixture) == GCReport())
        let total = fixture.engine.collectedGarbage
        #expect(total.contentCount == 4 && total.movedByteCount == report.movedByteCount)
        let next = try await fixture.restarted()
        #expect(try await next.get("more") == Self.content(77))
        try next.expectSound()
    }

    @Test func `leaves what is read until the last reader has gone`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        let bytes = Self.content(1, 12_000)
        let content = try await fixture.put("a", bytes)
        var pin = fixture.engine.pin(content)
        let body = fixture.engine.read(content, 0..<content.size, pin: pin)
        pin = nil
        var read = try #require(try await body.next()).readableBytesView + []
        try await fixture.delete("a")
        let report = try await collect(fixture)
        #expect(report.postponedContentCount == 1 && report.contentCount == 0)
        while let piece = try await body.next() { read += piece.readableBytesView }
        #expect([UInt8](read) == bytes)
        try fixture.expectSound()
    }

    @Test func `takes what was read once nobody does`() async throws {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", Self.content(1))
        try await fixture.delete("a")
        do {
            let pin = fixture.engine.pin(content)
            #expect(try await collect(fixture).postponedContentCount == 1)
            withExtendedLifetime(pin) {}
        }
        #expect(try await collect(fixture).contentCount == 1)
        #expect(try fixture.statistics().packCount == 0)
    }

    /// The race that has lost data elsewhere: an upload finds its chunks stored, and then their last owner is deleted.
    @Test func `leaves chunks that an upload has found stored`() async throws {
        let fixture = try EngineFixture()
        let bytes = Self.content(1)
        try await fixture.put("old", bytes)
        let staged = try await fixture.stage(bytes)
        try await fixture.delete("old")
        let report = try await collect(fixture)
        #expect(report.postponedContentCount == 1 && report.chunkCount == 0)
        try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
            transaction.set("new", try transaction.adopt(staged))
        }
        #expect(try await fixture.get("new") == bytes)
        try fixture.expectSound()
        #expect(try await collect(fixture).contentCount == 1)
        #expect(try await fixture.get("new") == bytes)
        try fixture.expectSound()
        #expect(fixture.writtenPackByteCount < 6_000, "the content was written once")
    }

    @Test func `lets go of chunks when the upload that found them gives up`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("old", Self.content(1))
        do {
            let staged = try await fixture.stage(Self.content(1))
            try await fixture.delete("old")
            fixture.engine.discard(staged)
        }
        #expect(try await collect(fixture).postponedContentCount == 0)
        #expect(try fixture.statistics().chunkCount == 0)
    }

    @Test func `leaves packs alone that hold frames of uploads under way`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("old", Self.content(1))
        let staged = try await fixture.stage(Self.content(2))
        let second = try await fixture.stage(Self.content(2))
        try await fixture.delete("old")
        #expect(try await collect(fixture).deletedPackCount == 0)
        try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
            transaction.set("new", try transaction.adopt(staged))
        }
        try await fixture.delete("new")
        let report = try await collect(fixture)
        #expect(report.postponedContentCount == 1 && report.deletedPackCount == 0)
        try await fixture.engine.commit([second]) { transaction throws(StoreError) in
            transaction.set("newer", try transaction.adopt(second))
        }
        #expect(try await fixture.get("newer") == Self.content(2))
        try fixture.expectSound()
    }

    @Test func `makes holes where a rewrite is not worth it`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", Self.content(1, 3_000))
        try await fixture.put("b", Self.content(2, 9_000))
        try await fixture.put("c", Self.content(3, 3_000))
        try await fixture.put("d", Self.content(4, 3_000))
        try await fixture.delete("b")
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 1
        let report = try await collect(fixture, policy)
        #expect(report.holeByteCount == 8_192 && report.compactedPackCount == 0)
        #expect(try await collect(fixture, policy) == GCReport(), "once")
        for (name, seed) in [("a", UInt64(1)), ("c", 3), ("d", 4)] {
            #expect(try await fixture.get(name) == Self.content(seed, 3_000))
        }
        try fixture.expectSound()
        let next = try await fixture.collected()
        #expect(try await next.get("c") == Self.content(3, 3_000))
        #expect(try next.statistics().garbageByteCount == 0)
    }

    @Test func `gives space back in steps that others need not wait for`() async throws {
        let fixture = try EngineFixture()
        for (name, seed, size) in [("a", 1, 3_000), ("b", 2, 9_000), ("c", 3, 3_000)] as [(String, UInt64, UInt64)] {
            try await fixture.put(name, Self.content(seed, size))
        }
        try await fixture.delete("b")
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 1
        _ = try await collect(fixture, policy)
        let lines = { (prefix: String) in fixture.machine.trace.lines.filter { $0.hasPrefix(prefix) } }
        #expect(lines("deallocate packs/00000001.pack").map { $0.hasSuffix("+4096") } == [true, true])
        for name in ["a", "c"] { try await fixture.delete(name) }
        _ = try await collect(fixture, policy)
        let sizes = lines("truncate packs/00000001.pack").compactMap { line in
            line.split(separator: " ").last.flatMap { Int($0) }
        }
        #expect(sizes.count == 3 && zip(sizes, sizes.dropFirst()).allSatisfy { $0 - $1 == 4_096 })
        #expect(lines("remove packs/00000001.pack").count == 1)
    }

    @Test func `gives space back on a drive too full for copies`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("first", Self.content(1, 5_000))
        try await fixture.put("second", Self.content(2, 9_000))
        try await fixture.put("third", Self.content(3, 5_000))
        try await fixture.delete("second")
        let used = try ["00000001.pack", "00000002.pack"].reduce(UInt64(0)) { sum, name in
            sum + (try fixture.machine.fileSystem.open("/data/packs/" + name, .readOnly).size())
        }
        fixture.machine.disk.setCapacity(byteCount: used + 1_000)
        await #expect(throws: StoreError(.insufficientStorage)) {
            try await fixture.put("more", Self.content(9, 4_000))
        }
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 0.1
        policy.holeByteCountMin = 0
        let report = try await collect(fixture, policy)
        #expect(report.holeByteCount == 4_096)
        try await fixture.put("more", Self.content(9, 2_500))
        #expect(try await fixture.get("first") == Self.content(1, 5_000))
        #expect(try await fixture.get("third") == Self.content(3, 5_000))
        try fixture.expectSound()
    }

    /// An upload that fails in mid-write leaves bytes in which no frame begins, and frames behind them off any page.
    @Test func `finds every frame behind a torn one`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", Self.content(1, 900))
        fixture.machine.power.failNext(with: .ioFailure)
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.put("torn", Self.content(2, 900)) }
        try await fixture.put("b", Self.content(3, 900))
        try await fixture.put("c", Self.content(4, 900))
        try await fixture.delete("a")
        let report = try await collect(fixture)
        #expect(report.compactedPackCount == 1 && report.deletedPackCount == 1)
        #expect(try await fixture.get("b") == Self.content(3, 900))
        #expect(try await fixture.get("c") == Self.content(4, 900))
        try fixture.expectSound()
    }

    /// `k0` and so on, of these lengths.
    private static func putAndDeleteFirst(_ sizes: [UInt64], _ fixture: EngineFixture) async throws -> [[UInt8]] {
        let contents = sizes.enumerated().map { content(UInt64($0), $1) }
        for (index, bytes) in contents.enumerated() { try await fixture.put("k\(index)", bytes) }
        try await fixture.delete("k0")
        return contents
    }

    /// Takes on what is worth nothing, too.
    private static func policy(recompresses: Bool) -> GarbagePolicy {
        var policy = GarbagePolicy.all
        if recompresses { policy.recompressIdleSecondsMin = 0 }
        policy.recompressShareMin = -1
        return policy
    }

    @Test(arguments: [false, true])
    func `moves what lies beside a bad sector, and loses nothing of what is there`(_ recompresses: Bool) async throws {
        let fixture = try EngineFixture()
        let path = "/data/packs/00000001.pack"
        let contents = try await Self.putAndDeleteFirst([2_000, 3_500, 6_500, 2_000], fixture)
        fixture.machine.disk.setUnreadable(9_000..<9_512, of: path)
        let policy = Self.policy(recompresses: recompresses)
        let report = try await collect(fixture, policy)
        #expect(report.movedByteCount > 3_500 && report.damagedFrameCount > 0 && report.damagedFrameCount < 12)
        #expect(try fixture.statistics().quarantinedFrameCount == report.damagedFrameCount)
        var attemptCount = 1
        while try await collect(fixture, policy).damagedFrameCount > 0, attemptCount < 100 { attemptCount += 1 }
        #expect(attemptCount == 8)
        for index in [1, 3] { #expect(try await fixture.get("k\(index)") == contents[index]) }
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.get("k2") }
        fixture.machine.disk.setUnreadable(nil, of: path)
        #expect(try await fixture.get("k2") == contents[2])
        try fixture.expectSound()
        // Who brings the same bytes mends it for all, and the pack goes.
        fixture.machine.disk.setUnreadable(9_000..<9_512, of: path)
        try await fixture.put("again", contents[2])
        _ = try await collect(fixture, policy)
        #expect(!fixture.machine.disk.filePaths.contains(path))
        #expect(try fixture.statistics().quarantinedFrameCount == 0)
        #expect(try await fixture.get("k2") == contents[2])
        try fixture.expectSound()
    }

    /// The pack stays for the sake of one frame, and a collection of a stopped store does not come back to it.
    @Test func `gives back at once what lay beside a damaged frame`() async throws {
        let fixture = try EngineFixture()
        let contents = [900, 30_000, 30_000].enumerated().map { Self.content(UInt64($0), $1) }
        for (index, bytes) in contents.enumerated() { try await fixture.put("k\(index)", bytes) }
        try await fixture.delete("k1")
        fixture.machine.disk.flipBit(of: "/data/packs/00000001.pack", byte: 64 + 64 + 300)
        let report = try await collect(fixture)
        #expect(report.damagedFrameCount == 1 && report.movedByteCount > 0, "\(report)")
        #expect(
            report.freedByteCount > 0 && report.remainingGarbageByteCount == 0,
            "not less room than before: \(report)"
        )
        #expect(try await fixture.get("k2") == contents[2])
    }

    @Test(arguments: [false, true])
    func `comes back in an hour to what the drive could not read`(_ recompresses: Bool) async throws {
        let clock = ManualClock()
        let fixture = try EngineFixture(clock: clock)
        let path = "/data/packs/00000001.pack"
        let contents = try await Self.putAndDeleteFirst([2_000, 6_500, 2_000], fixture)
        fixture.machine.disk.setUnreadable(6_000..<6_512, of: path)
        var policy = Self.policy(recompresses: recompresses)
        policy.retrySecondsMin = 3_600
        #expect(try await collect(fixture, policy).damagedFrameCount > 0)
        fixture.machine.disk.setUnreadable(nil, of: path)
        clock.advance(bySeconds: 3_599)
        #expect(try await collect(fixture, policy).movedByteCount == 0)
        #expect(fixture.machine.disk.filePaths.contains(path))
        clock.advance(bySeconds: 1)
        let report = try await collect(fixture, policy)
        #expect(report.movedByteCount > 0 && report.damagedFrameCount == 0)
        #expect(!fixture.machine.disk.filePaths.contains(path))
        for index in [1, 2] { #expect(try await fixture.get("k\(index)") == contents[index]) }
        try fixture.expectSound()
    }

    @Test func `marks no pack as recompressed of which the drive can read nothing`() async throws {
        let fixture = try EngineFixture()
        let path = "/data/packs/00000001.pack"
        try await fixture.put("k", Self.content(1, 900))
        fixture.machine.disk.setUnreadable(64..<1_000, of: path)
        var policy = GarbagePolicy.all
        policy.recompressIdleSecondsMin = 0
        #expect(try await collect(fixture, policy).recompressedPackCount == 0)
        fixture.machine.disk.setUnreadable(nil, of: path)
        #expect(try await collect(fixture, policy).recompressedPackCount == 1)
        #expect(try await fixture.get("k") == Self.content(1, 900))
        try fixture.expectSound()
    }

    @Test func `keeps to its rate`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<4 { try await fixture.put("k\(index)", Self.content(UInt64(index), 3_000)) }
        try await fixture.delete("k0")
        var policy = GarbagePolicy.all
        policy.moveByteRateMax = 1_000
        let waited = Mutex(Duration.zero)
        let report = try await fixture.engine.collectGarbage(policy) { pause in waited.withLock { $0 += pause } }
        #expect(report.movedByteCount > 9_000)
        #expect(waited.withLock { $0 } == .milliseconds(Int64(report.movedByteCount)))
    }

    @Test func `looks for what lives in a long pack a mebibyte at a time`() async throws {
        let fixture = try EngineFixture(configuration: .real)
        for index in 0..<8 { try await fixture.put("k\(index)", Self.content(UInt64(index), 700_000)) }
        try await fixture.delete("k3")
        var policy = GarbagePolicy.half
        policy.scanByteRateMax = 1 << 20
        let waits = Mutex<[Duration]>([])
        let report = try await fixture.engine.collectGarbage(policy) { pause in
            waits.withLock { $0.append(pause) }
        }
        #expect(report.holeByteCount > 650_000)
        // A reading goes on to the end of its last frame.
        #expect(waits.withLock { $0.count { $0 == .seconds(1) } } == 5)
        for index in [0, 1, 2, 4, 5, 6, 7] {
            #expect(try await fixture.get("k\(index)") == Self.content(UInt64(index), 700_000))
        }
        try fixture.expectSound()
    }

    @Test func `of a cancelled task ends, and keeps nobody away`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<3 {
            try await fixture.put("k\(index)", PatternContent(seed: UInt64(index)).bytes(0..<4_000))
            try await fixture.delete("k\(index)")
        }
        let collected = await cancelled { try await fixture.engine.collectGarbage(.all) { _ in } }
        #expect(try collected.get().contentCount == 0)
        let estimate = await cancelled { try await fixture.engine.estimateGarbage(.all) }
        #expect(throws: StoreError(.unavailable)) { try estimate.get() }
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.contentCount == 3)
    }

    @Test func `runs once at a time`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<4 { try await fixture.put("k\(index)", Self.content(UInt64(index), 3_000)) }
        try await fixture.delete("k0")
        var policy = GarbagePolicy.all
        policy.moveByteRateMax = 1_000
        let refusals = Mutex(0)
        _ = try await fixture.engine.collectGarbage(policy) { _ in
            do throws(StoreError) {
                _ = try await fixture.engine.collectGarbage(.all) { _ in }
            } catch {
                if error.code == .slowDown { refusals.withLock { $0 += 1 } }
            }
        }
        #expect(refusals.withLock { $0 } > 0)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [GarbagePolicy.half, .recompressing])
    func `loses nothing to uploads, reads and deletes at once`(_ policy: GarbagePolicy) async throws {
        let workers = WorkerPool(threadCount: 4)
        let fixture = try EngineFixture(workers: workers)
        let isDone = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    var generator = SeededGenerator(seed: UInt64(client))
                    for round in 0..<150 {
                        // Few contents, so that deletes and uploads of the same chunks meet.
                        let seed = UInt64(generator.below(4))
                        let byteCount = UInt64(generator.below(6_000))
                        let name = "c\(client)-\(generator.below(3))"
                        let bytes = PatternContent(seed: seed, isCompressible: seed == 3).bytes(0..<byteCount)
                        let content = try await fixture.put(name, bytes)
                        let pin = fixture.engine.pin(content)
                        #expect(try await fixture.read(content, 0..<content.size) == bytes, "round \(round)")
                        withExtendedLifetime(pin) {}
                        if generator.coin() { try await fixture.delete(name) }
                    }
                }
            }
            group.addTask {
                while !isDone.isSet.load(ordering: .relaxed) {
                    _ = try await fixture.engine.collectGarbage(policy) { _ in }
                    await Task.yield()
                }
            }
            for _ in 0..<4 { try await group.next() }
            isDone.isSet.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        try fixture.expectSound()
        _ = try await collect(fixture)
        try fixture.expectSound()
        #expect(try fixture.statistics().garbageByteCount == 0)
        await fixture.engine.shutdown()
        await workers.shutdown()
    }
}
