// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

@Suite struct `The scrub` {
    private static let packPath = "/data/packs/00000001.pack"

    private static func content(_ seed: UInt64, _ byteCount: UInt64 = 2_000) -> [UInt8] {
        PatternContent(seed: seed).bytes(0..<byteCount)
    }

    private func scrub(_ fixture: EngineFixture, _ policy: ScrubPolicy = ScrubPolicy()) async throws -> ScrubReport {
        try await fixture.engine.scrub(policy, pause: { _ in }, found: { _ in })
    }

    private func check(
        _ fixture: EngineFixture,
        found: @escaping @Sendable (ScrubFinding) -> Void = { _ in }
    ) async throws -> FsckReport {
        try await fixture.engine.check(found: found) { _, _ throws(StoreError) in }.report
    }

    private func filled() async throws -> EngineFixture {
        let fixture = try EngineFixture()
        for index in 0..<6 { try await fixture.put("k\(index)", Self.content(UInt64(index), 5_000)) }
        try await fixture.put("small", [1, 2, 3])
        return fixture
    }

    @Test func `finds nothing wrong in a sound store`() async throws {
        let fixture = try await filled()
        try await fixture.delete("k1")
        let report = try await scrub(fixture)
        #expect(report.isComplete && report.findingCount == 0)
        #expect(report.packCount == 3 && report.inlineCount == 1 && report.byteCount > 30_000)
        let totals = fixture.engine.scrubTotals
        #expect(totals.passCount == 1 && totals.byteCount == report.byteCount && totals.findingCount == 0)
    }

    /// Live frames lie side by side, so each byte of the file behind its header belongs to one of them.
    @Test func `finds each flipped bit of a pack`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", Self.content(1, 900))
        try await fixture.put("b", Self.content(2, 600))
        let disk = fixture.machine.disk
        let end = Int(try fixture.machine.fileSystem.open(Self.packPath, .readOnly).size())
        // The last byte of the pack's header, the frame headers whole, and some of the payloads.
        for byte in [0, 11, 63] + Array(64..<130) + Array(stride(from: 130, to: end, by: 37)) + [end - 1] {
            disk.flipBit(of: Self.packPath, byte: byte, bit: byte % 8)
            let report = try await scrub(fixture)
            #expect(report.findingCount == 1, "byte \(byte): \(report.findings)")
            disk.flipBit(of: Self.packPath, byte: byte, bit: byte % 8)
        }
        #expect(try await scrub(fixture).findingCount == 0)
    }

    @Test func `tells, counts and quarantines what it finds`() async throws {
        let fixture = try await filled()
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 200)
        let key = try #require(try fixture.metadata.get(.objects, Array("small".utf8)).map(EngineFixture.reference)).id
        var record = try #require(try fixture.metadata.get(.inline, EngineKeys.inline(key)))
        record[record.count - 1] ^= 1
        var batch = MetadataBatch()
        batch.put(.inline, EngineKeys.inline(key), record)
        try fixture.metadata.commit(batch)
        let told = Mutex<[ScrubFinding]>([])
        let report = try await fixture.engine.scrub(ScrubPolicy(), pause: { _ in }) { finding in
            told.withLock { $0.append(finding) }
        }
        #expect(report.findings.count == 2 && report.findings == told.withLock { $0 })
        #expect(report.findings.contains(.inline(content: key)))
        #expect(try fixture.statistics().quarantinedFrameCount == 2)
        #expect(fixture.engine.scrubTotals.findingCount == 2)
    }

    @Test func `takes a missing pack and an unreadable sector for damage`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        for index in 0..<6 { try await fixture.put("k\(index)", Self.content(UInt64(index), 5_000)) }
        let next = try await fixture.restarted()
        try next.machine.fileSystem.remove(Self.packPath)
        let report = try await scrub(next)
        #expect(report.isComplete && report.findings.contains(.packHeader(1)) && report.findingCount > 10)
    }

    @Test func `goes on where it was interrupted`() async throws {
        let fixture = try await filled()
        // The power goes while the pass is in its second pack.
        let before = fixture.machine.power.operationCount
        fixture.machine.power.crashAfter(operation: before + 3)
        await #expect(throws: StoreError.self) { try await scrub(fixture) }
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced))
        let record = try #require(try next.engine.scrubRecord())
        #expect(record.nextPack == 2 && record.completed.nanoseconds == 0)
        let rest = try await scrub(next)
        #expect(rest.isComplete && rest.packCount == 2)
        #expect(try next.engine.scrubRecord()?.nextPack == 0)
        let whole = try await scrub(next)
        #expect(whole.packCount == 3)
    }

    @Test func `starts over when its record can't be read, and says so`() async throws {
        let fixture = try await filled()
        var batch = MetadataBatch()
        batch.put(.system, EngineKeys.scrub, [0xFF])
        try fixture.metadata.commit(batch)
        #expect(try fixture.engine.scrubRecord() == nil)
        #expect(try fixture.fsck(.structure).problemCount == 1)
        let report = try await scrub(fixture)
        #expect(report.isComplete && report.findingCount == 1 && report.packCount == 3)
        #expect(try await scrub(fixture).findingCount == 0)
        #expect(try fixture.engine.scrubRecord()?.completed.nanoseconds != 0)
    }

    @Test func `that starts over need not wait for a slow one to come to its end`() async throws {
        let fixture = try await filled()
        let refusals = Mutex(0)
        var policy = ScrubPolicy(byteRateMax: 1)
        policy.sliceByteCount = 1
        var hurry = ScrubPolicy()
        hurry.startsOver = true
        let urgent = hurry
        let slow = try await fixture.engine.scrub(policy) { _ in
            do throws(StoreError) {
                _ = try await fixture.engine.scrub(urgent, pause: { _ in }, found: { _ in })
            } catch {
                #expect(error.code == .slowDown)
                refusals.withLock { $0 += 1 }
            }
        } found: { _ in
        }
        #expect(!slow.isComplete && slow.chunkCount == 1 && refusals.withLock { $0 } == 1)
        // Nothing is more urgent than that.
        let report = try await fixture.engine.scrub(urgent, pause: { _ in }) { _ in }
        #expect(report.isComplete && report.packCount == 3)
    }

    @Test func `and the check that somebody asks for work on a store that refuses writes`() async throws {
        let fixture = try await filled()
        fixture.machine.power.failNext(with: .ioFailure)
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.put("more", [1]) }
        #expect(fixture.engine.writeRefusal != nil)
        await #expect(throws: StoreError.self) { try await scrub(fixture) }
        #expect(try await check(fixture).isClean)
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 200)
        var policy = ScrubPolicy()
        policy.startsOver = true
        #expect(try await scrub(fixture, policy).findingCount == 1)
    }

    @Test func `leaves the check to count what it does not keep`() async throws {
        var configuration = EngineConfiguration.small
        configuration.packByteCountMax = 64 << 20
        let fixture = try EngineFixture(configuration: configuration)
        try await fixture.put("long", Self.content(1, 8 << 20))
        let chunks = try fixture.pairs(.chunks).map { try ChunkRecord(decoding: $0.value) }
        #expect(chunks.count > ScrubReport.findingCountMax)
        for chunk in chunks {
            fixture.machine.disk.flipBit(of: Self.packPath, byte: Int(chunk.frameRange.upperBound) - 1)
        }
        let report = try await check(fixture)
        #expect(report.problems.count == FsckReport.problemCountMax)
        #expect(report.problemCount == UInt64(chunks.count))
        #expect(try fixture.fsck(.frames).problemCount == report.problemCount)
    }

    @Test func `and the check of a cancelled task end, and keep nobody away`() async throws {
        let fixture = try await filled()
        let isComplete = await cancelled { try await scrub(fixture).isComplete }
        #expect(try isComplete.get() == false)
        let isClean = await cancelled { try await check(fixture).isClean }
        #expect(throws: StoreError(.unavailable)) { try isClean.get() }
        #expect(try await check(fixture).isClean)
    }

    @Test func `keeps to its rate`() async throws {
        let fixture = try await filled()
        let waited = Mutex(Duration.zero)
        let report = try await fixture.engine.scrub(ScrubPolicy(byteRateMax: 1_000)) { pause in
            waited.withLock { $0 += pause }
        } found: { _ in
        }
        #expect(waited.withLock { $0 } == .milliseconds(Int64(report.byteCount)))
    }

    @Test func `looks for what lives at a rate of its own`() async throws {
        let fixture = try await filled()
        var policy = ScrubPolicy()
        policy.scanByteRateMax = 1 << 20
        let waits = Mutex<[Duration]>([])
        let report = try await fixture.engine.scrub(policy) { pause in
            waits.withLock { $0.append(pause) }
        } found: { _ in
        }
        #expect(report.isComplete && report.packCount == 3)
        #expect(waits.withLock { $0 } == [.seconds(1), .seconds(1), .seconds(1)])
    }

    @Test func `takes frames that a collection moves for sound`() async throws {
        let fixture = try await filled()
        try await fixture.delete("k0")
        var policy = ScrubPolicy(byteRateMax: 1)
        policy.sliceByteCount = 1_024
        let report = try await fixture.engine.scrub(policy) { _ in
            _ = try? await fixture.engine.collectGarbage(.all) { _ in }
        } found: { _ in
        }
        #expect(report.findingCount == 0)
        try fixture.expectSound()
    }
}
