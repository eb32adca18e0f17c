// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

/// What an engine does while records are missing: `DATA/kept` says so.
@Suite(.tags(.durability)) struct `While damaged logs are kept` {
    private static let kept = "/data/kept"
    private static let firstPack = "/data/packs/00000001.pack"

    /// The machine after a loss of power that kept what was written and not synced, with logs that were found damaged.
    private func lost(_ fixture: EngineFixture) throws -> SimulatedMachine {
        let machine = fixture.machine.afterPowerLoss(.keepUnsynced)
        _ = try machine.fileSystem.open(Self.kept, .create)
        try machine.fileSystem.syncDirectory("/data")
        return machine
    }

    /// The next start, after somebody has moved them away.
    private func released(_ fixture: EngineFixture) async throws -> EngineFixture {
        try fixture.machine.fileSystem.remove(Self.kept)
        return try await fixture.restarted()
    }

    @Test func `a pack that no record names stays, and its number is not used again`() async throws {
        let fixture = try EngineFixture()
        _ = try await fixture.stage(PatternContent(seed: 2).bytes(0..<700))
        let next = try EngineFixture(machine: try lost(fixture))
        #expect(next.engine.recoveryFindings == [.keptLogs, .keptStrayPack(fileName: "00000001.pack")])
        let before = next.machine.disk.contents(of: Self.firstPack)
        try await next.put("b", PatternContent(seed: 3).bytes(0..<500))
        #expect(next.machine.disk.filePaths == [Self.kept, Self.firstPack, "/data/packs/00000041.pack"])
        #expect(next.machine.disk.contents(of: Self.firstPack) == before)
        let after = try await released(next)
        #expect(after.machine.disk.filePaths == ["/data/packs/00000041.pack"])
        try after.expectSound()
    }

    @Test func `a pack keeps what stands behind its last committed frame`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        _ = try await fixture.stage(PatternContent(seed: 2).bytes(0..<700))
        var next = try EngineFixture(machine: try lost(fixture))
        let before = next.machine.disk.contents(of: Self.firstPack)
        #expect(next.engine.recoveryFindings == [.keptLogs, .keptPackTail(pack: 1, byteCount: 764)])
        try await next.put("b", PatternContent(seed: 3).bytes(0..<500))
        next = try await next.restarted()
        try await next.put("c", PatternContent(seed: 4).bytes(0..<500))
        #expect(next.machine.disk.contents(of: Self.firstPack) == before)
        let after = try await released(next)
        #expect(after.engine.recoveryFindings == [.cutPackTail(pack: 1, byteCount: 764)])
        try after.expectSound()
    }

    @Test func `nothing is collected, and the check says why`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        try await fixture.put("b", PatternContent(seed: 2).bytes(0..<600))
        try await fixture.delete("a")
        let next = try EngineFixture(machine: try lost(fixture))
        try await next.delete("b")
        await #expect(throws: StoreError(.unavailable)) { try await next.engine.collectGarbage(.all) { _ in } }
        await #expect(throws: StoreError(.unavailable)) { try await next.engine.estimateGarbage(.all) }
        #expect(try next.fsck().problems == [.keptLogs])
        #expect(next.machine.disk.contents(of: Self.firstPack)?.count == 64 + 2 * 664)
        let after = try await released(next)
        _ = try await after.engine.collectGarbage(.all) { _ in }
        #expect(after.machine.disk.filePaths.isEmpty)
        try after.expectSound()
    }

    @Test func `recipes whose end may be lost stay`() async throws {
        let fixture = try EngineFixture()
        let writer = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
        try await writer.write(PatternContent(seed: 1).buffer(0..<9_000))
        let next = try EngineFixture(machine: try lost(fixture))
        #expect(try next.pairs(.system).contains { $0.key.first == EngineKeys.pendingPrefix })
        #expect(try !next.pairs(.system).contains { $0.key.first == EngineKeys.reclaimPrefix })
        let after = try await released(next)
        #expect(try !after.pairs(.system).contains { $0.key.first == EngineKeys.pendingPrefix })
        await writer.abandon()
    }

    @Test func `content ids that the lost records gave out are not given out again`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", [1])
        await fixture.engine.shutdown()
        fixture.metadata.close()
        let older = fixture.machine.crashState(.keepUnsynced, seed: 2)
        let newer = try EngineFixture(machine: fixture.machine)
        let lostID = try await newer.put("b", [2]).id
        _ = try older.fileSystem.open(Self.kept, .create)
        try older.fileSystem.syncDirectory("/data")
        let next = try EngineFixture(machine: older)
        #expect(try await next.put("c", [3]).id >> 40 > lostID >> 40)
    }
}
