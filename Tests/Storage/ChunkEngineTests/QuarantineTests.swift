// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `The quarantine` {
    private static let packPath = SimulatedMachine.dataDirectory + "/packs/00000001.pack"

    private static func content(_ seed: UInt64) -> [UInt8] { PatternContent(seed: seed).bytes(0..<600) }

    /// `count` contents of one chunk each, all damaged.
    private func damaged(_ count: UInt64) async throws -> EngineFixture {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        for seed in 0..<count { try await fixture.put("k\(seed)", Self.content(seed)) }
        for (_, value) in try fixture.pairs(.chunks) { flip(try ChunkRecord(decoding: value), fixture) }
        return fixture
    }

    private func flip(_ record: ChunkRecord, _ fixture: EngineFixture) {
        #expect(record.pack == 1)
        fixture.machine.disk.flipBit(of: Self.packPath, byte: Int(record.offset) + 300)
    }

    private func note(_ name: String, _ fixture: EngineFixture) async {
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get(name) }
    }

    private func count(_ fixture: EngineFixture) throws -> UInt64 { try fixture.statistics().quarantinedFrameCount }

    @Test(arguments: [false, true])
    func `forgets no frame that memory has no room for`(_ isRestarted: Bool) async throws {
        var fixture = try await damaged(5)
        #expect(fixture.configuration.damageCountMax == 1)
        for seed in 0..<UInt64(5) {
            await note("k\(seed)", fixture)
            await note("k\(seed)", fixture)
            #expect(try count(fixture) == seed + 1)
        }
        if isRestarted { fixture = try await fixture.restarted() }
        for seed in 0..<UInt64(5) {
            try await fixture.put("again", Self.content(seed))
            #expect(try await fixture.get("k\(seed)") == Self.content(seed))
            #expect(try count(fixture) == 4 - seed)
        }
        try fixture.expectSound()
        // There is room again.
        for (_, value) in try fixture.pairs(.chunks) { flip(try ChunkRecord(decoding: value), fixture) }
        await note("k3", fixture)
        try await fixture.put("again", Self.content(3))
        #expect(try await fixture.get("k3") == Self.content(3))
    }

    @Test(arguments: [false, true])
    func `keeps an upload from what was damaged after it had looked`(_ isSameContent: Bool) async throws {
        let fixture = try await damaged(3)
        await note("k0", fixture)
        let (earlier, staged) = (try fixture.reference("k1"), try await fixture.stage(Self.content(1)))
        await note("k1", fixture)
        await #expect(throws: StoreError(.slowDown)) {
            try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
                let content = try transaction.adopt(staged, over: isSameContent ? earlier : nil)
                transaction.set("again", content)
            }
        }
        #expect(try fixture.reference("again") == nil)
        try await fixture.put("again", Self.content(1))
        for name in ["again", "k1"] { #expect(try await fixture.get(name) == Self.content(1)) }
    }

    @Test func `keeps an upload from what another one has found stored`() async throws {
        let fixture = try await damaged(1)
        let earlier = try await fixture.stage(Self.content(0))
        await note("k0", fixture)
        try await fixture.put("again", Self.content(0))
        #expect(try await fixture.get("again") == Self.content(0))
        // What it found is mended meanwhile.
        try await fixture.engine.commit([earlier]) { transaction throws(StoreError) in
            transaction.set("earlier", try transaction.adopt(earlier))
        }
        for name in ["earlier", "k0"] { #expect(try await fixture.get(name) == Self.content(0)) }
        #expect(try count(fixture) == 0)
        try fixture.expectSound()
    }

    @Test func `lets frames go that are deleted`() async throws {
        var fixture = try await damaged(3)
        for seed in 0..<3 { await note("k\(seed)", fixture) }
        try await fixture.copy("k1", to: "copy")
        for name in ["k0", "k1", "k2"] { try await fixture.delete(name) }
        #expect(try count(fixture) == 3)
        _ = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(try count(fixture) == 1)
        try await fixture.delete("copy")
        fixture = try await fixture.collected()
        #expect(try count(fixture) == 0)
        #expect(!fixture.machine.disk.filePaths.contains(Self.packPath))
    }

    @Test func `lets frames go that turn out to be readable, and are moved`() async throws {
        let fixture = try await damaged(3)
        for seed in 0..<3 { await note("k\(seed)", fixture) }
        for (_, value) in try fixture.pairs(.chunks) { flip(try ChunkRecord(decoding: value), fixture) }
        try await fixture.delete("k0")
        let report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.movedByteCount > 1_200 && report.damagedFrameCount == 0)
        #expect(try count(fixture) == 0)
        for seed in 1..<UInt64(3) { #expect(try await fixture.get("k\(seed)") == Self.content(seed)) }
    }

    @Test(arguments: [false, true])
    func `lets inline contents go that are released`(_ isRestarted: Bool) async throws {
        var fixture = try EngineFixture()
        for name in ["a", "b", "c"] {
            let content = try await fixture.put(name, [1, 2, 3])
            var record = try #require(try fixture.metadata.get(.inline, EngineKeys.inline(content.id)))
            record[record.count - 1] ^= 1
            var batch = MetadataBatch()
            batch.put(.inline, EngineKeys.inline(content.id), record)
            try fixture.metadata.commit(batch)
        }
        let report = try await fixture.engine.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
        #expect(report.findingCount == 3)
        #expect(try count(fixture) == 3)
        if isRestarted { fixture = try await fixture.restarted() }
        try await fixture.put("a", [4, 5, 6])
        #expect(try count(fixture) == 2)
        try await fixture.delete("b")
        try await fixture.delete("c")
        #expect(try count(fixture) == 0)
    }
}
