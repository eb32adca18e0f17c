// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

/// What joins do not do: fill the drive, write again and again, or keep others waiting.
@Suite struct `A joining of parts` {
    private func upload(
        _ name: String,
        _ sizes: [Int],
        seed: UInt64 = 1,
        _ fixture: EngineFixture
    ) async throws {
        let bytes = PatternContent(seed: seed).bytes(0..<UInt64(sizes.reduce(0, +)))
        try await upload(name, bytes, sizes, fixture)
    }

    private func upload(_ name: String, _ bytes: [UInt8], _ sizes: [Int], _ fixture: EngineFixture) async throws {
        var (start, names): (Int, [String]) = (0, [])
        for (index, size) in sizes.enumerated() {
            names.append("part \(index)")
            try await fixture.put(names[index], [UInt8](bytes[start..<start + size]))
            start += size
        }
        try await fixture.assemble(names, to: name)
    }

    @discardableResult
    private func join(
        _ fixture: EngineFixture,
        coreShareMax: Double? = nil,
        pause: @escaping @Sendable () async -> Void = {}
    ) async throws -> JoinReport {
        try await fixture.engine.joinParts(coreShareMax: coreShareMax) { _ in await pause() }
    }

    private func markerCount(_ fixture: EngineFixture) throws -> Int {
        try fixture.pairs(.system).count { $0.key.first == EngineKeys.joinPrefix }
    }

    private func usedByteCount(_ machine: SimulatedMachine) -> UInt64 {
        machine.disk.filePaths.reduce(0) { $0 + UInt64(machine.disk.contents(of: $1)?.count ?? 0) }
    }

    /// Of packs, what no collection would find.
    private func unrecordedByteCount(_ fixture: EngineFixture) throws -> Int {
        let ends = try fixture.pairs(.system).filter { $0.key.first == EngineKeys.packPrefix }
            .reduce(0) { $0 + Int(try PackRecord(decoding: $1.value).committedEnd) }
        return Int(usedByteCount(fixture.machine)) - ends
    }

    @Test func `leaves room for its records and for clients`() async throws {
        let fixture = try EngineFixture()
        try await upload("whole", [20_000, 20_000], fixture)
        let used = usedByteCount(fixture.machine)
        // More than it writes into packs, and less than its records may take besides.
        fixture.machine.disk.setCapacity(byteCount: used + 30_000)
        fixture.machine.trace.removeAll()
        #expect(try await join(fixture).postponedCount == 1)
        #expect(fixture.machine.trace.lines.isEmpty)
        fixture.machine.disk.setCapacity(byteCount: 1 << 20)
        let free = try #require(fixture.engine.driveSpace?.freeByteCount)
        #expect(try await join(fixture).joinedCount == 1)
        #expect(free > 1 << 19)
        try fixture.expectSound()
    }

    @Test func `ends early when the drive fills up`() async throws {
        let fixture = try EngineFixture()
        try await upload("whole", [30_000, 30_000], fixture)
        let bytes = try await fixture.get("whole")
        let machine = fixture.machine
        let full = usedByteCount(machine) + 20_000
        let report = try await join(fixture, coreShareMax: 0.5) { machine.disk.setCapacity(byteCount: full) }
        #expect(report.joinedCount == 0 && report.postponedCount == 1)
        #expect(try markerCount(fixture) == 1)
        machine.disk.setCapacity(byteCount: nil)
        #expect(try await join(fixture).joinedCount == 1)
        #expect(try await fixture.get("whole") == bytes)
        try fixture.expectSound()
        #expect(try unrecordedByteCount(fixture) == 0)
    }

    @Test func `of many ends soon on a full drive`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<20 { try await upload("\(index)", [2_000, 2_000], seed: UInt64(index), fixture) }
        fixture.machine.disk.setCapacity(byteCount: usedByteCount(fixture.machine) + 1_000)
        fixture.machine.trace.removeAll()
        #expect(try await join(fixture).postponedCount == 16)
        #expect(fixture.machine.trace.lines.isEmpty)
        #expect(try markerCount(fixture) == 20)
    }

    /// Of the drive itself, whatever was free a moment ago.
    @Test func `goes on behind an object that finds no space`() async throws {
        let fixture = try EngineFixture()
        try await upload("first", [3_000, 3_000], fixture)
        try await upload("second", [3_000, 3_000], seed: 2, fixture)
        fixture.machine.power.failNext(with: .noSpace)
        let report = try await join(fixture)
        #expect(report.postponedCount == 1 && report.joinedCount == 1)
        #expect(try await join(fixture).joinedCount == 1)
        try fixture.expectSound()
    }

    @Test func `leaves a tar that would be written anew nearly whole`() async throws {
        let fixture = try EngineFixture(configuration: .real)
        var tar = TarContent()
        for seed in 0..<80 { tar.add(PatternContent(seed: UInt64(seed)).bytes(0..<150_001), changed: seed) }
        let sizes = [3_000_077, 3_000_077, 3_000_077, tar.bytes.count - 3 * 3_000_077]
        try await upload("tar", tar.bytes, sizes, fixture)
        let before = try fixture.statistics().deduplicatedByteCount
        fixture.machine.trace.removeAll()
        let report = try await join(fixture)
        #expect(report.costlyCount == 1 && report.joinedCount == 0 && report.damagedCount == 0)
        #expect(fixture.writtenPackByteCount < 5 << 20)
        #expect(try markerCount(fixture) == 0)
        // The last run of frames is written in whole pages.
        #expect(try unrecordedByteCount(fixture) < 4_096)
        _ = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(try fixture.statistics().deduplicatedByteCount == before)
        #expect(try await fixture.get("tar") == tar.bytes)
        try fixture.expectSound()
    }

    @Test func `comes back in an hour to an object that the drive could not read`() async throws {
        var unreadableCount = 0
        // Up to the first read that is none of the join's.
        for count in 0... {
            let clock = ManualClock()
            let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never), clock: clock)
            try await upload("whole", [3_000, 3_000, 3_000, 3_000], fixture)
            // A chunk is asked for three times.
            for attempt in 0..<3 { fixture.machine.power.failNextRead(after: count + attempt) }
            let report = try await join(fixture)
            if report.joinedCount > 0 { break }
            #expect(report.unreadableCount == 1 && report.damagedCount == 0, "\(count)")
            unreadableCount += 1
            #expect(try markerCount(fixture) == 1)
            #expect(try unrecordedByteCount(fixture) == 0, "\(count)")
            fixture.machine.trace.removeAll()
            clock.advance(bySeconds: 3_599)
            #expect(try await join(fixture, coreShareMax: 1) == JoinReport())
            #expect(fixture.machine.trace.lines.isEmpty)
            clock.advance(bySeconds: 1)
            #expect(try await join(fixture, coreShareMax: 1).joinedCount == 1)
            _ = try await fixture.engine.collectGarbage(.all) { _ in }
            #expect(try fixture.statistics().deduplicatedByteCount == 12_000, "\(count)")
            try fixture.expectSound("\(count)")
        }
        #expect(unreadableCount > 2)
    }

    @Test func `leaves an object on a bad sector in the end, and what was written for it is collected`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        try await upload("whole", [3_000, 3_000, 3_000, 3_000], fixture)
        let path = "/data/packs/00000001.pack"
        fixture.machine.disk.setUnreadable(9_500..<10_000, of: path)
        var attemptCount = 0
        while try markerCount(fixture) == 1, attemptCount < 100 {
            let report = try await join(fixture)
            #expect(report.unreadableCount + report.damagedCount == 1)
            attemptCount += 1
        }
        #expect(attemptCount == 8)
        #expect(try await join(fixture) == JoinReport())
        fixture.machine.disk.setUnreadable(nil, of: path)
        _ = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(try fixture.statistics().deduplicatedByteCount == 12_000)
        try fixture.expectSound()
    }

    @Test func `writes nothing while writes are refused`() async throws {
        let fixture = try EngineFixture()
        try await upload("whole", [3_000, 3_000], fixture)
        fixture.machine.power.failNext(with: .ioFailure)
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.put("a", [1]) }
        fixture.machine.trace.removeAll()
        await #expect(throws: StoreError(.unavailable)) { try await join(fixture) }
        #expect(fixture.machine.trace.lines.isEmpty)
    }

    private final class Pauses: Sendable {
        let count = Atomic(0)
    }

    @Test func `ends when its object is deleted`() async throws {
        var pauseCounts: [Int] = []
        for deletes in [false, true] {
            let fixture = try EngineFixture()
            try await upload("whole", [30_000, 30_000], fixture)
            let pauses = Pauses()
            let report = try await join(fixture, coreShareMax: 0.5) {
                let isFirst = pauses.count.wrappingAdd(1, ordering: .relaxed).oldValue == 0
                if isFirst, deletes { try? await fixture.delete("whole") }
            }
            #expect(report.joinedCount == (deletes ? 0 : 1))
            #expect(try markerCount(fixture) == 0)
            pauseCounts.append(pauses.count.load(ordering: .relaxed))
            guard deletes else { continue }
            _ = try await fixture.engine.collectGarbage(.all) { _ in }
            #expect(try fixture.statistics().chunkCount == 0)
            #expect(try fixture.pairs(.contents).isEmpty)
        }
        #expect(pauseCounts[1] <= 3 && pauseCounts[0] > 6, "\(pauseCounts)")
    }

    @Test func `that is always interrupted does not keep others waiting`() async throws {
        let fixture = try EngineFixture()
        try await upload("long", [30_000, 30_000], fixture)
        try await upload("short", [700, 700], seed: 2, fixture)
        var joinedCount: UInt64 = 0
        for _ in 0..<3 {
            let pauses = Pauses()
            let run = Task {
                try await join(fixture, coreShareMax: 0.5) {
                    let isFifth = pauses.count.wrappingAdd(1, ordering: .relaxed).oldValue == 4
                    if isFifth { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            joinedCount += try await run.value.joinedCount
        }
        #expect(joinedCount == 1)
        #expect(try markerCount(fixture) == 1)
        #expect(try await join(fixture).joinedCount == 1)
        try fixture.expectSound()
    }

    @Test func `that is slow ends for a collection that joins`() async throws {
        let fixture = try EngineFixture()
        try await upload("long", [30_000, 30_000], fixture)
        let isWaitedFor = Flag()
        let collected = Task {
            while !isWaitedFor.isSet.load(ordering: .relaxed) { await Task.yield() }
            var policy = GarbagePolicy.all
            policy.joinsParts = true
            return try await fixture.engine.collectGarbage(policy) { _ in
                isWaitedFor.isSet.store(false, ordering: .relaxed)
                await Task.yield()
            }
        }
        let report = try await join(fixture, coreShareMax: 0.5) {
            isWaitedFor.isSet.store(true, ordering: .relaxed)
            while isWaitedFor.isSet.load(ordering: .relaxed) { await Task.yield() }
        }
        #expect(report.joinedCount == 0)
        #expect(try await collected.value.joinedContentCount == 1)
        try fixture.expectSound()
    }

    @Test func `is counted by an estimate of a collection that joins`() async throws {
        let fixture = try EngineFixture()
        for name in ["a", "b"] { try await upload(name, [3_000, 3_000], fixture) }
        var policy = GarbagePolicy.all
        #expect(try await fixture.engine.estimateGarbage(policy).joinedContentCount == 0)
        policy.joinsParts = true
        #expect(try await fixture.engine.estimateGarbage(policy).joinedContentCount == 2)
        #expect(try markerCount(fixture) == 2)
    }

    @Test func `waits for a store whose logs are kept`() async throws {
        let fixture = try EngineFixture()
        try await upload("whole", [3_000, 3_000], fixture)
        try fixture.machine.fileSystem.makeDirectory(SimulatedMachine.dataDirectory + "/kept")
        let next = try await fixture.restarted()
        #expect(next.engine.keepsUnknown)
        #expect(try await join(next) == JoinReport())
        #expect(try markerCount(next) == 1)
    }
}
