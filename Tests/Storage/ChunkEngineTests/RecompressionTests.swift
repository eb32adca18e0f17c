// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import Checksums
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

@Suite struct `A recompression` {
    private static let packPath = SimulatedMachine.dataDirectory + "/packs/00000001.pack"

    private static func text(_ seed: UInt64, _ byteCount: UInt64 = 4_000) -> [UInt8] {
        PatternContent(seed: seed, isCompressible: true).bytes(0..<byteCount)
    }

    private static func noise(_ seed: UInt64, _ byteCount: UInt64 = 4_000) -> [UInt8] {
        PatternContent(seed: seed).bytes(0..<byteCount)
    }

    /// Everything at once.
    private static var atOnce: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.recompressIdleSecondsMin = 0
        return policy
    }

    /// A store whose uploads do not compress, so that there is something to gain.
    private func fixture(clock: any WallClock = FixedClock()) throws -> EngineFixture {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        return try EngineFixture(configuration: configuration, clock: clock)
    }

    private func collect(_ fixture: EngineFixture, _ policy: GarbagePolicy = atOnce) async throws -> GCReport {
        try await fixture.engine.collectGarbage(policy) { _ in }
    }

    private func records(_ fixture: EngineFixture) throws -> [PackRecord] {
        try fixture.pairs(.system).filter { $0.key.first == EngineKeys.packPrefix }.map {
            try PackRecord(decoding: $0.value)
        }
    }

    @Test func `makes frames shorter, once`() async throws {
        let fixture = try fixture()
        for index in 0..<10 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        try await fixture.put("noise", Self.noise(1))
        let before = try fixture.statistics()
        let report = try await collect(fixture)
        let after = try fixture.statistics()
        #expect(report.recompressedPackCount > 2 && report.deletedPackCount > 1)
        #expect(report.savedByteCount == before.compressedByteCount - after.compressedByteCount)
        #expect(report.savedByteCount > 10_000 && report.freedByteCount > 10_000)
        #expect(after.garbageByteCount == 0)
        #expect(try records(fixture).allSatisfy(\.isRecompressed))
        for index in 0..<10 { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index))) }
        #expect(try await fixture.get("noise") == Self.noise(1))
        try fixture.expectSound()

        #expect(try await collect(fixture) == GCReport())
        let next = try await fixture.restarted()
        #expect(try await collect(next) == GCReport())
        #expect(try await next.get("k3") == Self.text(3))
    }

    @Test func `of what gains nothing is a mark`() async throws {
        let fixture = try fixture()
        for index in 0..<6 { try await fixture.put("k\(index)", Self.noise(UInt64(index))) }
        fixture.machine.trace.removeAll()
        let report = try await collect(fixture)
        #expect(report.recompressedPackCount == 2 && report.movedByteCount == 0)
        #expect(fixture.machine.trace.lines.allSatisfy { $0 == "commit system+1" })
        #expect(try records(fixture).allSatisfy(\.isRecompressed))
        let next = try await fixture.restarted()
        #expect(try await collect(next) == GCReport())
        for index in 0..<6 { #expect(try await next.get("k\(index)") == Self.noise(UInt64(index))) }
        try next.expectSound()
    }

    @Test func `comes behind what gives space back and ends in time`() async throws {
        let clock = ManualClock()
        let fixture = try fixture(clock: clock)
        for index in 0..<10 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        for index in 0..<20 { try await fixture.put("gone\(index)", Self.noise(UInt64(index))) }
        for index in 0..<20 { try await fixture.delete("gone\(index)") }
        var policy = Self.atOnce
        policy.recompressCommitByteCount = 4_000
        policy.recompressCoreShareMax = 0.5
        policy.recompressSecondsMax = 10
        var collectionCount = 0
        while try records(fixture).contains(where: { !$0.isRecompressed }) {
            let report = try await fixture.engine.collectGarbage(policy) { pause in
                if pause > .zero { clock.advance(bySeconds: 6) }
            }
            #expect(report.movedByteCount < 7_000 && (collectionCount > 0 || report.deletedPackCount > 2))
            collectionCount += 1
        }
        #expect(collectionCount > 5)
        for index in 0..<10 { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index))) }
        try fixture.expectSound()
    }

    @Test func `keeps no garbage waiting`() async throws {
        let fixture = try fixture()
        for index in 0..<20 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        for index in 0..<20 where index % 4 != 0 { try await fixture.delete("k\(index)") }
        var policy = Self.atOnce
        policy.holeByteCountMin = 4_096
        policy.recompressByteCountMax = 0
        let report = try await collect(fixture, policy)
        #expect(report.recompressedPackCount == 0 && report.holeByteCount > 0)
        #expect(try await collect(fixture, policy).holeByteCount == 0)
        for index in [0, 4, 8, 12, 16] { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index))) }
        try fixture.expectSound()
    }

    @Test func `waits until a pack is left alone`() async throws {
        let clock = ManualClock()
        let fixture = try fixture(clock: clock)
        var policy = GarbagePolicy()
        policy.recompressIdleSecondsMin = 600
        policy.recompressCurrentByteCountMin = 5_000
        try await fixture.put("a", Self.text(1))
        for seconds in [0, 599, 300] {
            clock.advance(bySeconds: Int64(seconds))
            if seconds == 300 { try await fixture.put("b", Self.text(2)) }
            #expect(try await collect(fixture, policy) == GCReport())
        }
        clock.advance(bySeconds: 599)
        #expect(try await collect(fixture, policy) == GCReport())
        clock.advance(bySeconds: 1)
        #expect(try await collect(fixture, policy).recompressedPackCount == 1)
        // Too little to close the pack for that is being written.
        try await fixture.put("c", Self.text(3))
        _ = try await collect(fixture, policy)
        clock.advance(bySeconds: 6_000)
        #expect(try await collect(fixture, policy) == GCReport())
        try fixture.expectSound()
    }

    @Test func `goes on in the same packs after a start`() async throws {
        var fixture = try fixture()
        try await fixture.put("a", Self.text(1))
        _ = try await collect(fixture)
        try await fixture.put("b", Self.text(2, 3_000))
        fixture = try await fixture.restarted()
        fixture.machine.trace.removeAll()
        try await fixture.put("c", Self.text(3, 3_000))
        _ = try await collect(fixture)
        #expect(!fixture.machine.trace.lines.contains { $0.hasPrefix("create") })
        #expect(try records(fixture).count == 1)
        for (name, seed, byteCount) in [("a", UInt64(1), UInt64(4_000)), ("b", 2, 3_000), ("c", 3, 3_000)] {
            #expect(try await fixture.get(name) == Self.text(seed, byteCount))
        }
        try fixture.expectSound()
    }

    @Test func `does a part of the work in each collection`() async throws {
        let fixture = try fixture()
        for index in 0..<10 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        var policy = Self.atOnce
        policy.recompressByteCountMax = 5_000
        policy.recompressCommitByteCount = 4_000
        policy.recompressCoreShareMax = 0.5
        var collectionCount = 0
        while try records(fixture).contains(where: { !$0.isRecompressed }) {
            let pauseCount = Mutex(0)
            let report = try await fixture.engine.collectGarbage(policy) { pause in
                if pause > .zero { pauseCount.withLock { $0 += 1 } }
            }
            #expect(report.movedByteCount < 7_000 && pauseCount.withLock { $0 } > 0)
            for index in 0..<10 { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index))) }
            try fixture.expectSound()
            collectionCount += 1
        }
        #expect(collectionCount > 5)
        #expect(try fixture.statistics().garbageByteCount == 0)
    }

    @Test func `leaves damaged frames where they are`() async throws {
        let fixture = try fixture()
        for index in 0..<4 { try await fixture.put("k\(index)", Self.text(UInt64(index), 900)) }
        // In the second of four frames.
        let byte = 64 + 964 + 64 + 300
        fixture.machine.disk.flipBit(of: Self.packPath, byte: byte)
        let report = try await collect(fixture)
        #expect(report.damagedFrameCount == 1 && report.deletedPackCount == 0 && report.recompressedPackCount == 1)
        #expect(try fixture.statistics().quarantinedFrameCount == 1)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k1") }
        for index in [0, 2, 3] { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index), 900)) }
        #expect(try await collect(fixture).recompressedPackCount == 0)
        fixture.machine.disk.flipBit(of: Self.packPath, byte: byte)
        #expect(try await fixture.get("k1") == Self.text(1, 900))
        try fixture.expectSound()
    }

    /// All checksums of such a frame are right but the one that a new frame could not be given.
    @Test func `does not lend new checksums to wrong bytes`() async throws {
        let fixture = try fixture()
        try await fixture.put("a", Self.text(1, 900))
        try await fixture.put("b", Self.text(2, 900))
        let (key, value) = try #require(
            try fixture.pairs(.chunks).first { try ChunkRecord(decoding: $0.value).offset == 64 }
        )
        var record = try ChunkRecord(decoding: value)
        let wrong = Self.text(9, 900)
        record.xxh3 = wrong.withUnsafeBytes { XXH3.hash64($0) }
        var frame = [UInt8](repeating: 0, count: PackFormat.frameHeaderByteCount) + wrong
        frame.withUnsafeMutableBytes { bytes in
            FrameHeader(
                encoding: .plain,
                plainByteCount: 900,
                encodedByteCount: 900,
                xxh3: record.xxh3,
                digest: SHA256Digest(bytes: key)
            ).encode(to: bytes)
        }
        let file = try fixture.machine.fileSystem.open(Self.packPath, .readWrite)
        try frame.withUnsafeBytes { try file.write($0, at: 64) }
        var batch = MetadataBatch()
        batch.put(.chunks, key, record.encoded)
        try fixture.metadata.commit(batch)
        #expect(try await collect(fixture).damagedFrameCount == 1)
        #expect(try await fixture.get("b") == Self.text(2, 900))
        let kept = try ChunkRecord(decoding: try #require(try fixture.metadata.get(.chunks, key)))
        #expect(kept == record)
    }

    @Test func `on a full drive gives back what it can`() async throws {
        let fixture = try fixture()
        for index in 0..<3 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        let size = try fixture.machine.fileSystem.open(Self.packPath, .readOnly).size()
        fixture.machine.disk.setCapacity(byteCount: size + 100)
        _ = try await collect(fixture)
        for index in 0..<3 { #expect(try await fixture.get("k\(index)") == Self.text(UInt64(index))) }
        try fixture.expectSound()
    }

    @Test func `works offline`() async throws {
        let fixture = try fixture()
        for index in 0..<6 { try await fixture.put("k\(index)", Self.text(UInt64(index))) }
        await fixture.engine.shutdown()
        let dry = try await fixture.collectGarbage(Self.atOnce, dryRun: true)
        let report = try await fixture.collectGarbage(Self.atOnce)
        #expect(report.recompressedPackCount == 2 && dry.recompressedPackCount == 2 && report.savedByteCount > 5_000)
        let next = try await fixture.restarted()
        for index in 0..<6 { #expect(try await next.get("k\(index)") == Self.text(UInt64(index))) }
        try next.expectSound()
    }
}
