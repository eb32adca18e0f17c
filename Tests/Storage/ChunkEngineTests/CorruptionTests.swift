// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Damage to a pack` {
    private static let size = 600
    private static let packPath = SimulatedMachine.dataDirectory + "/packs/00000001.pack"

    @Test(arguments: [false, true], [SimulatedCaching.always, .never])
    func `is never served, whichever byte it hits`(_ isCompressible: Bool, _ caching: SimulatedCaching) async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: caching))
        let bytes = PatternContent(seed: 1, isCompressible: isCompressible).bytes(0..<UInt64(Self.size))
        let content = try await fixture.put("a", bytes)
        let disk = fixture.machine.disk
        let packByteCount = try #require(disk.contents(of: Self.packPath)).count
        for byte in PackFormat.headerByteCount..<packByteCount {
            disk.flipBit(of: Self.packPath, byte: byte, bit: byte % 8)
            #expect(fixture.engine.readIfCached(content, 0..<content.size) == nil, "byte \(byte)")
            await #expect(throws: StoreError(.corrupted), "byte \(byte)") { try await fixture.get("a") }
            // Any range: the whole chunk is verified.
            await #expect(throws: StoreError(.corrupted)) { try await fixture.read(content, 5..<6) }
            #expect(try !fixture.fsck(.frames).isClean)
            disk.flipBit(of: Self.packPath, byte: byte, bit: byte % 8)
        }
        #expect(try await fixture.get("a") == bytes)
    }

    @Test func `is noted with pack and offset`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        try await fixture.put("b", PatternContent(seed: 2).bytes(0..<600))
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 64 + 664 + 100)
        do {
            _ = try await fixture.get("b")
            Issue.record("damaged bytes were served")
        } catch let error as StoreError {
            #expect(error.code == .corrupted && error.message == nil)
            #expect(error.diagnosis?.contains("00000001.pack offset 728") == true)
        }
        _ = try? await fixture.get("b")
        #expect(try fixture.statistics().quarantinedFrameCount == 1)
        let key = EngineKeys.quarantine(pack: 1, offset: 728)
        let record = try QuarantineRecord(decoding: try #require(try fixture.metadata.get(.system, key)))
        #expect(record.reason == "the frame does not verify")
        let report = try fixture.fsck(.frames)
        #expect(report.problems == [.damagedFrame(record.digest, pack: 1, offset: 728)])
        // The neighbour is served as before.
        #expect(try await fixture.get("a") == PatternContent(seed: 1).bytes(0..<600))
    }

    @Test func `is noted when the drive can't read it`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        let (a, b) = (PatternContent(seed: 1).bytes(0..<600), PatternContent(seed: 2).bytes(0..<600))
        try await fixture.put("a", a)
        try await fixture.put("b", b)
        // A passing error is none.
        fixture.machine.power.failNextRead()
        #expect(try await fixture.get("b") == b)
        #expect(try fixture.statistics().quarantinedFrameCount == 0)
        fixture.machine.disk.setUnreadable(800..<900, of: Self.packPath)
        for _ in 0..<2 { await #expect(throws: StoreError(.ioFailure)) { try await fixture.get("b") } }
        #expect(try fixture.statistics().quarantinedFrameCount == 1)
        let key = EngineKeys.quarantine(pack: 1, offset: 728)
        let record = try QuarantineRecord(decoding: try #require(try fixture.metadata.get(.system, key)))
        #expect(record.reason == "the device can't read the frame")
        #expect(try await fixture.get("a") == a)
        try await fixture.put("again", b)
        #expect(try await fixture.get("b") == b)
        #expect(try fixture.statistics().quarantinedFrameCount == 0)
    }

    @Test(arguments: [false, true])
    func `is mended by whoever brings the same bytes again`(_ isRestarted: Bool) async throws {
        var fixture = try EngineFixture()
        let (other, bytes) = (PatternContent(seed: 1).bytes(0..<600), PatternContent(seed: 2).bytes(0..<600))
        try await fixture.put("other", other)
        try await fixture.put("a", bytes)
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 64 + 664 + 100)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("a") }
        if isRestarted { fixture = try await fixture.restarted() }
        // The same name, which might get the recipe that is there.
        try await fixture.put("a", bytes)
        try await fixture.put("b", bytes)
        for name in ["a", "b"] { #expect(try await fixture.get(name) == bytes) }
        let statistics = try fixture.statistics()
        #expect(statistics.quarantinedFrameCount == 0 && statistics.chunkCount == 2)
        #expect(try fixture.pairs(.chunks).map { try ChunkRecord(decoding: $0.value).referenceCount }.max() == 3)
        try fixture.expectSound()
        let next = try await fixture.collected()
        for name in ["a", "b"] { #expect(try await next.get(name) == bytes) }
        #expect(try await next.get("other") == other)
        try next.expectSound()
    }

    @Test func `in one chunk ends the answer before that chunk`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<9_000)
        let content = try await fixture.put("a", bytes)
        let path = SimulatedMachine.dataDirectory + "/packs/00000001.pack"
        fixture.machine.disk.flipBit(of: path, byte: 8_000)
        let body = fixture.engine.read(content, 0..<content.size)
        var served: [UInt8] = []
        await #expect(throws: StoreError(.corrupted)) {
            while let piece = try await body.next() { served.append(contentsOf: piece.readableBytesView) }
        }
        #expect(!served.isEmpty && served.count < 8_000)
        #expect(served == [UInt8](bytes.prefix(served.count)))
    }

    @Test func `of a passing kind is read again`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        let bytes = PatternContent(seed: 1).bytes(0..<9_000)
        try await fixture.put("a", bytes)
        fixture.machine.power.flipReads(oneIn: 4)
        var wholeCount = 0
        for _ in 0..<40 {
            // Bits turn over on the way: the second look at the frame may be good, and is served; a wrong byte never is.
            guard let read = try? await fixture.get("a") else { continue }
            #expect(read == bytes)
            wholeCount += 1
        }
        #expect(wholeCount > 0)
    }

    @Test func `to inline bytes is found`() async throws {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", [1, 2, 3, 4])
        let key = EngineKeys.inline(content.id)
        var record = try #require(try fixture.metadata.get(.inline, key))
        record[record.count - 1] ^= 1
        var batch = MetadataBatch()
        batch.put(.inline, key, record)
        try fixture.metadata.commit(batch)
        #expect(fixture.engine.readIfCached(content, 0..<4) == nil)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("a") }
        #expect(try fixture.fsck().problems == [.damagedInline(content: content.id)])
    }

    @Test func `keeps a collection from deleting it`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        try await fixture.put("b", PatternContent(seed: 2).bytes(0..<600))
        try await fixture.put("c", PatternContent(seed: 3).bytes(0..<600))
        try await fixture.delete("a")
        await fixture.engine.shutdown()
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 64 + 664 + 100)
        let report = try await fixture.collectGarbage()
        #expect(report.damagedFrameCount == 1 && report.deletedPackCount == 0)
        let next = try await fixture.restarted()
        #expect(try await next.get("c") == PatternContent(seed: 3).bytes(0..<600))
        await #expect(throws: StoreError(.corrupted)) { try await next.get("b") }
        // The damage healed, say by a copy from elsewhere: nothing was thrown away.
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 64 + 664 + 100)
        #expect(try await next.get("b") == PatternContent(seed: 2).bytes(0..<600))
        try next.expectSound()
    }
}
