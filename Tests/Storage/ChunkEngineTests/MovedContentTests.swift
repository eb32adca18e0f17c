// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import NIOCore
import StorageTestSupport
import Testing

/// Collections move chunks and leave the places that recipes name behind.
@Suite struct `Content that was moved` {
    /// The bytes of a name, and how many calls they took.
    private func read(_ name: String, in fixture: EngineFixture) async throws -> (bytes: [UInt8]?, count: Int) {
        let before = fixture.machine.power.readCount
        let bytes = try await fixture.get(name)
        return (bytes, fixture.machine.power.readCount - before)
    }

    @Test(arguments: [false, true])
    func `is read with as few calls as before`(_ isRecompressed: Bool) async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        let bytes = PatternContent(seed: 1, isCompressible: isRecompressed).bytes(0..<9_000)
        try await fixture.put("other", PatternContent(seed: 2).bytes(0..<2_000))
        let content = try await fixture.put("a", bytes)
        let before = try await read("a", in: fixture)
        try await fixture.delete("other")
        var policy = GarbagePolicy.all
        if isRecompressed { policy.recompressIdleSecondsMin = 0 }
        let report = try await fixture.engine.collectGarbage(policy) { _ in }
        #expect(report.deletedPackCount == 1)
        let after = try await read("a", in: fixture)
        // A run that begins within a group takes what lies before it there.
        #expect(after.bytes == bytes && after.count <= (isRecompressed ? 2 : 1) * before.count)
        #expect(try await fixture.read(content, 3_333..<7_777) == [UInt8](bytes[3_333..<7_777]))
    }

    @Test func `is served from memory`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .always))
        let (shared, own) = (PatternContent(seed: 1).bytes(0..<900), PatternContent(seed: 2).bytes(0..<900))
        try await fixture.put("gone", PatternContent(seed: 3).bytes(0..<900))
        let first = try await fixture.put("a", shared)
        let second = try await fixture.put("b", own)
        try await fixture.delete("gone")
        let report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.deletedPackCount == 1)
        #expect(try await fixture.get("a") == shared)
        for (content, bytes) in [(first, shared), (second, own)] {
            let cached = fixture.engine.readIfCached(content, 100..<800)
            #expect(cached.map { [UInt8]($0.readableBytesView) } == [UInt8](bytes[100..<800]))
        }
    }
}
