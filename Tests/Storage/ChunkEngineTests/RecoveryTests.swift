// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `A start` {
    private func damaged(_ batch: (inout MetadataBatch) -> Void) throws -> SimulatedMachine {
        let machine = SimulatedMachine(seed: 1)
        let metadata = try machine.openMetadata()
        var changes = MetadataBatch()
        batch(&changes)
        try metadata.commit(changes)
        metadata.close()
        return machine
    }

    @Test func `refuses another format version with a clear sentence`() throws {
        let machine = try damaged {
            $0.put(.system, EngineKeys.format, StoreFormat(version: 2, created: 0).encoded)
        }
        do {
            _ = try EngineFixture(machine: machine)
            Issue.record("a store of format version 2 was opened")
        } catch let error as StoreError {
            #expect(error.code == .unavailable)
            #expect(error.message == "the store has another format version; this program reads version 1")
        }
    }

    @Test func `refuses a store that lost its format record`() throws {
        let machine = try damaged { $0.put(.system, [0x42], [1]) }
        #expect(throws: StoreError(.corrupted)) { try EngineFixture(machine: machine) }
    }

    @Test func `never gives out a content id twice`() async throws {
        var fixture = try EngineFixture()
        var seen: Set<UInt64> = []
        for _ in 0..<5 {
            for index in 0..<3 {
                let content = try await fixture.put("k\(index)", [1])
                #expect(seen.insert(content.id).inserted)
            }
            fixture = try EngineFixture(machine: fixture.machine.afterPowerLoss(.random))
        }
    }

    @Test func `never gives out a pack id twice`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        try await fixture.delete("a")
        let next = try await fixture.collected()
        #expect(next.machine.disk.filePaths.isEmpty)
        try await next.put("a", PatternContent(seed: 1).bytes(0..<600))
        #expect(next.machine.disk.filePaths == ["/data/packs/00000002.pack"])
    }

    @Test func `cuts what no commit names and goes on in the same pack`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        _ = try await fixture.stage(PatternContent(seed: 2).bytes(0..<700))
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        #expect(next.engine.recoveryFindings == [.cutPackTail(pack: 1, byteCount: 764)])
        try await next.put("b", PatternContent(seed: 3).bytes(0..<500))
        #expect(next.machine.disk.filePaths == ["/data/packs/00000001.pack"])
        #expect(next.machine.disk.contents(of: "/data/packs/00000001.pack")?.count == 64 + 664 + 564)
        try next.expectSound()
    }

    @Test func `removes a pack that no commit names`() async throws {
        let fixture = try EngineFixture()
        _ = try await fixture.stage(PatternContent(seed: 2).bytes(0..<700))
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        #expect(next.engine.recoveryFindings == [.removedStrayPack(fileName: "00000001.pack")])
        #expect(next.machine.disk.filePaths.isEmpty)
    }

    @Test func `leaves files alone that are not packs`() async throws {
        let fixture = try EngineFixture()
        let file = try fixture.machine.fileSystem.open("/data/packs/README", .create)
        try file.sync()
        try fixture.machine.fileSystem.syncDirectory("/data/packs")
        let next = try await fixture.restarted()
        #expect(next.machine.disk.filePaths == ["/data/packs/README"] && next.engine.recoveryFindings.isEmpty)
    }

    @Test func `finds the recipes of uploads that never ended`() async throws {
        let fixture = try EngineFixture()
        let writer = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
        try await writer.write(PatternContent(seed: 1).buffer(0..<9_000))
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        let abandoned = next.engine.recoveryFindings.filter { if case .abandonedRecipe = $0 { true } else { false } }
        #expect(abandoned.count == 1)
        try next.expectSound()
        let clean = try await next.collected()
        #expect(try clean.pairs(.contents).isEmpty && clean.pairs(.chunks).isEmpty)
        #expect(clean.machine.disk.filePaths.isEmpty)
        await writer.abandon()
    }

    @Test func `survives a missing and a short pack, and says so`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<12_000)
        try await fixture.put("a", bytes)
        try await fixture.put("b", PatternContent(seed: 2).bytes(0..<12_000))
        await fixture.engine.shutdown()
        let paths = fixture.machine.disk.filePaths
        #expect(paths.count == 2)
        try fixture.machine.fileSystem.remove(paths[0])
        let file = try fixture.machine.fileSystem.open(paths[1], .readWrite)
        try file.truncate(to: 5_000)
        let next = try await fixture.restarted()
        let findings = next.engine.recoveryFindings
        #expect(findings.count == 2 && findings.allSatisfy(\.isDamage))
        await #expect(throws: StoreError(.corrupted)) { try await next.get("a") }
        #expect(try !next.fsck().isClean)
        // New content goes to a new pack and is good.
        try await next.put("c", bytes.reversed())
        #expect(try await next.get("c") == bytes.reversed())
    }

    @Test(arguments: [false, true])
    func `goes on beside packs that can't be opened, and so does all that reads packs`(_ isMissing: Bool) async throws {
        let fixture = try EngineFixture()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try await fixture.put(name, PatternContent(seed: UInt64(index)).bytes(0..<12_000))
        }
        let paths = fixture.machine.disk.filePaths
        #expect(paths.count == 3)
        try fixture.machine.fileSystem.remove(paths[0])
        for path in [paths[0], "/data/packs/00000020.pack"].dropFirst(isMissing ? 1 : 0) {
            try fixture.machine.fileSystem.makeDirectory(path)
        }
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.keepUnsynced))
        #expect(next.engine.recoveryFindings.count == 2 && next.engine.recoveryFindings.allSatisfy(\.isDamage))
        await #expect(throws: StoreError(isMissing ? .corrupted : .ioFailure)) { try await next.get("a") }
        #expect(try await next.get("c") == PatternContent(seed: 2).bytes(0..<12_000))
        let problems = try next.fsck().problems
        #expect(problems.count == 1, "\(problems)")
        let scrub = try await next.engine.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
        #expect(scrub.isComplete && scrub.packCount == 3 && scrub.findings.contains(.packHeader(1)))
        try await next.delete("c")
        var policy = GarbagePolicy.all
        policy.recompressIdleSecondsMin = 0
        await #expect(throws: StoreError(.ioFailure)) { try await next.engine.collectGarbage(policy) { _ in } }
        policy.retrySecondsMin = 60
        _ = try await next.engine.collectGarbage(policy) { _ in }
        policy.retrySecondsMin = 0
        await #expect(throws: StoreError(.ioFailure)) { try await next.engine.collectGarbage(policy) { _ in } }
        #expect(!next.machine.disk.filePaths.contains(paths[2]))
        try await next.put("d", PatternContent(seed: 3).bytes(0..<12_000))
        #expect(try await next.get("d") == PatternContent(seed: 3).bytes(0..<12_000))
    }

    @Test func `goes on in another pack when the current one can't be opened`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        await fixture.engine.shutdown()
        let path = "/data/packs/00000001.pack"
        let file = try #require(fixture.machine.disk.contents(of: path))
        try fixture.machine.fileSystem.rename(path, to: "/data/aside")
        try fixture.machine.fileSystem.makeDirectory(path)
        let next = try await fixture.restarted()
        #expect(next.engine.recoveryFindings.count == 1 && next.engine.recoveryFindings.allSatisfy(\.isDamage))
        try await next.put("b", PatternContent(seed: 2).bytes(0..<600))
        #expect(next.machine.disk.filePaths == ["/data/aside", "/data/packs/00000002.pack"])
        #expect(next.machine.disk.contents(of: "/data/aside") == file)
    }

    @Test func `fills one pack after the other`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<8 { try await fixture.put("k\(index)", PatternContent(seed: UInt64(index)).bytes(0..<5_000)) }
        let paths = fixture.machine.disk.filePaths
        #expect(paths.count >= 3)
        for path in paths { #expect(try #require(fixture.machine.disk.contents(of: path)).count <= 16 << 10) }
        let next = try await fixture.restarted()
        let states = try next.pairs(.system).filter { $0.key.first == EngineKeys.packPrefix }.map {
            try PackRecord(decoding: $0.value).state
        }
        #expect(states.dropLast().allSatisfy { $0 == .sealed } && states.last == .open)
        try next.expectSound()
    }
}
