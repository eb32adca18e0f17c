// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

/// Restored from a backup without the packs.
@Suite(.tags(.durability)) struct `Metadata that is older than the packs` {
    private static let kept = "/data/kept"

    private func stop(_ fixture: EngineFixture) async {
        await fixture.engine.shutdown()
        fixture.metadata.close()
    }

    /// A store of the metadata that a clean stop has left, and of packs that were made since.
    private func restored(_ fill: (EngineFixture) async throws -> Void) async throws -> SimulatedMachine {
        let first = try EngineFixture()
        try await first.put("old", PatternContent(seed: 1).bytes(0..<600))
        await stop(first)
        let backup = first.machine.crashState(.keepUnsynced, seed: 1)
        let second = try EngineFixture(machine: first.machine)
        try await fill(second)
        await stop(second)
        let names = try second.machine.fileSystem.list("/data/packs")
        for name in names {
            let bytes = try #require(second.machine.disk.contents(of: "/data/packs/" + name))
            let file = try backup.fileSystem.open("/data/packs/" + name, .createIfMissing)
            try bytes.withUnsafeBytes { try file.write($0, at: 0) }
            try file.sync()
        }
        try backup.fileSystem.syncDirectory("/data/packs")
        return backup
    }

    @Test func `removes none of them`() async throws {
        let machine = try await restored { try await $0.put("new", PatternContent(seed: 2).bytes(0..<30_000)) }
        let paths = machine.disk.filePaths
        #expect(paths.count > 2)
        var next = try EngineFixture(machine: machine)
        let findings = next.engine.recoveryFindings
        #expect(findings.contains(.olderMetadata(pack: 2)) && findings.contains(.keptLogs) && next.engine.keepsUnknown)
        try await next.put("more", PatternContent(seed: 3).bytes(0..<900))
        await #expect(throws: StoreError(.unavailable)) { try await next.engine.collectGarbage(.all) { _ in } }
        next = try await next.restarted()
        #expect(next.engine.keepsUnknown)
        #expect(Set(next.machine.disk.filePaths).isSuperset(of: paths))
        #expect(try await next.get("more") == PatternContent(seed: 3).bytes(0..<900))
        // Somebody has taken what is to be kept, and moves the folder away.
        next.machine.disk.moveAway(Self.kept)
        let after = try await next.restarted()
        #expect(!after.engine.keepsUnknown && !after.machine.disk.filePaths.contains("/data/packs/00000002.pack"))
        try after.expectSound()
    }

    @Test func `is told apart from uploads that a loss of power cut short, whenever it comes`() async throws {
        for operation in 1... {
            let fixture = try EngineFixture()
            fixture.machine.power.crashAfter(operation: fixture.machine.power.operationCount + operation)
            do {
                for index in 0..<40 {
                    _ = try await fixture.stage(PatternContent(seed: UInt64(index)).bytes(0..<9_000))
                    if index.isMultiple(of: 7) { try await fixture.put("k", PatternContent(seed: 100).bytes(0..<900)) }
                }
                await stop(fixture)
            } catch {}
            let isOver = !fixture.machine.power.isOff
            let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
            #expect(!next.engine.keepsUnknown, "operation \(operation)")
            try next.expectSound()
            if isOver { break }
        }
    }

    @Test func `is told apart from uploads of which none ends, however many packs they fill`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<2_000 { _ = try await fixture.stage(PatternContent(seed: UInt64(index)).bytes(0..<1_000)) }
        #expect(fixture.machine.disk.filePaths.count > 100)
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        #expect(!next.engine.keepsUnknown)
        #expect(next.machine.disk.filePaths.isEmpty)
        try next.expectSound()
    }

    @Test func `is the only reason to wait for a late commit before the next pack`() async throws {
        let workers = HeldWorkers()
        let fixture = try EngineFixture(workers: workers.pool)
        workers.hold()
        async let late = fixture.put("small", [1])
        while !workers.holdsAny { await Task.yield() }
        workers.holdNoMore()
        var count: UInt64 = 0
        await #expect(throws: StoreError(.slowDown)) {
            while true {
                _ = try await fixture.stage(PatternContent(seed: count).bytes(0..<1_000))
                count += 1
            }
        }
        #expect(fixture.machine.disk.filePaths.count == 64)
        workers.release()
        _ = try await late
        _ = try await fixture.stage(PatternContent(seed: count).bytes(0..<1_000))
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        #expect(!next.engine.keepsUnknown)
        #expect(next.machine.disk.filePaths.isEmpty)
        try next.expectSound()
    }

    @Test func `needs no ids for packs that can't be made`() async throws {
        let fixture = try EngineFixture()
        for _ in 0..<70 {
            fixture.machine.power.failNext(with: .ioFailure)
            await #expect(throws: StoreError(.ioFailure)) {
                try await fixture.stage(PatternContent(seed: 1).bytes(0..<700))
            }
        }
        _ = try await fixture.stage(PatternContent(seed: 1).bytes(0..<700))
        #expect(fixture.machine.disk.filePaths == ["/data/packs/00000001.pack"])
    }

    /// The program before this one reserved nothing.
    @Test func `is not what a store of an earlier version is taken for`() async throws {
        let fixture = try EngineFixture()
        _ = try await fixture.stage(PatternContent(seed: 1).bytes(0..<700))
        let machine = fixture.machine.afterPowerLoss(.keepUnsynced)
        let metadata = try machine.openMetadata()
        var batch = MetadataBatch()
        batch.put(.system, EngineKeys.sequence, [1, 1, 0, 0, 0, 1, 0, 0, 0])
        try metadata.commit(batch)
        metadata.close()
        let next = try EngineFixture(machine: machine)
        #expect(next.engine.recoveryFindings == [.removedStrayPack(fileName: "00000001.pack")])
    }
}
