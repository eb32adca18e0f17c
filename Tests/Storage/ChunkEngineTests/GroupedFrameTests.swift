// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `A group of frames` {
    /// Digits of 500 bytes that all have, and of 12 of its own: little by itself, and nearly nothing beside another.
    private static func text(_ index: Int) -> [UInt8] {
        hexadecimal(PatternContent(seed: 99).bytes(0..<488) + PatternContent(seed: UInt64(index)).bytes(0..<12))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        let digits = [UInt8]("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// As long as `text`, and half as long compressed, whatever stands beside it.
    private static func distinct(_ index: Int) -> [UInt8] {
        hexadecimal(PatternContent(seed: UInt64(index) + 1_000).bytes(0..<500))
    }

    /// Objects of one chunk each, `k0` and so on, in one group.
    private func grouped(
        _ count: Int,
        _ bytes: (Int) -> [UInt8],
        freeByteFloor: UInt64 = 0
    ) async throws -> EngineFixture {
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = freeByteFloor
        configuration.compressingFreeShareMax = 0
        configuration.packByteCountMax = 1 << 20
        let fixture = try EngineFixture(configuration: configuration)
        for index in 0..<count { try await fixture.put("k\(index)", bytes(index)) }
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        try fixture.expectSound()
        return fixture
    }

    private func chunks(_ fixture: EngineFixture) throws -> [ChunkRecord] {
        try fixture.pairs(.chunks).map { try ChunkRecord(decoding: $0.value) }.sorted {
            ($0.pack, $0.offset) < ($1.pack, $1.offset)
        }
    }

    private func header(_ record: ChunkRecord, _ fixture: EngineFixture) throws -> FrameHeader {
        var bytes = [UInt8](repeating: 0, count: PackFormat.frameHeaderByteCount)
        let path = SimulatedMachine.dataDirectory + "/packs/" + PackFormat.fileName(record.pack)
        let file = try fixture.machine.fileSystem.open(path, .readOnly)
        return try bytes.withUnsafeMutableBytes { memory in
            _ = try file.read(into: memory, at: record.offset)
            return try FrameHeader(decoding: UnsafeRawBufferPointer(memory))
        }
    }

    private func flip(_ record: ChunkRecord, _ fixture: EngineFixture) {
        let path = SimulatedMachine.dataDirectory + "/packs/" + PackFormat.fileName(record.pack)
        fixture.machine.disk.flipBit(of: path, byte: Int(record.offset) + 70)
    }

    private func scrub(_ fixture: EngineFixture) async throws -> UInt64 {
        UInt64(try await fixture.engine.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in }).findingCount)
    }

    @Test func `lets neighbours share what repeats`() async throws {
        let fixture = try await grouped(8, Self.text)
        let records = try chunks(fixture)
        #expect(records.allSatisfy { $0.encoding == .grouped })
        #expect(records.dropFirst().allSatisfy { $0.encodedByteCount < 120 } && records[0].encodedByteCount > 480)
        #expect(try header(records[0], fixture).groupDistance == 0)
        #expect(try header(records[2], fixture).groupDistance == UInt32(records[2].offset - records[0].offset))
        for index in (0..<8).reversed() { #expect(try await fixture.get("k\(index)") == Self.text(index)) }
        let next = try await fixture.restarted()
        for index in 0..<8 { #expect(try await next.get("k\(index)") == Self.text(index)) }
        #expect(try await scrub(next) == 0)
    }

    @Test func `is read in any range`() async throws {
        var configuration = EngineConfiguration.real
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        // More than two groups, with noise that no group takes.
        let bytes =
            PatternContent(seed: 1, isCompressible: true).bytes(0..<1_300_000)
            + PatternContent(seed: 2).bytes(0..<400_000)
            + PatternContent(seed: 3, isCompressible: true).bytes(0..<1_300_000)
        let content = try await fixture.put("a", bytes)
        #expect(try await fixture.engine.collectGarbage(Self.recompressing) { _ in }.recompressedPackCount == 1)
        let records = try chunks(fixture)
        #expect(Set(records.map(\.encoding)) == [.plain, .grouped])
        let starts = try records.filter { try $0.encoding == .grouped && header($0, fixture).groupDistance == 0 }
        #expect(starts.count >= 4 && starts.count < records.count / 2)
        #expect(try await fixture.get("a") == bytes)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<40 {
            let lower = generator.below(bytes.count)
            let upper = lower + generator.below(min(200_000, bytes.count - lower) + 1)
            let range = UInt64(lower)..<UInt64(upper)
            #expect(try await fixture.read(content, range) == [UInt8](bytes[lower..<upper]), "\(range)")
        }
        try fixture.expectSound()
    }

    @Test func `gives back nothing that a later one needs`() async throws {
        let fixture = try await grouped(64, Self.distinct)
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 1
        for index in 0..<40 { try await fixture.delete("k\(index)") }
        #expect(try await fixture.engine.estimateGarbage(policy).holeByteCount == 0)
        #expect(try await fixture.engine.collectGarbage(policy) { _ in }.holeByteCount == 0)
        for index in 40..<64 { #expect(try await fixture.get("k\(index)") == Self.distinct(index)) }
        // What lies behind the last one goes.
        for index in 42..<64 { try await fixture.delete("k\(index)") }
        let estimate = try await fixture.engine.estimateGarbage(policy, entryCountMax: 3)
        let report = try await fixture.engine.collectGarbage(policy) { _ in }
        #expect(report == estimate && report.holeByteCount >= 8_192)
        let next = try await fixture.restarted()
        for index in 40..<42 { #expect(try await next.get("k\(index)") == Self.distinct(index)) }
        #expect(try await scrub(next) == 0)
        try next.expectSound()
    }

    @Test func `with a header that can't be read keeps what the later ones need`() async throws {
        let fixture = try await grouped(64, Self.distinct)
        let damaged = try chunks(fixture)[31]
        for index in 0..<31 { try await fixture.delete("k\(index)") }
        let path = SimulatedMachine.dataDirectory + "/packs/" + PackFormat.fileName(damaged.pack)
        fixture.machine.disk.flipBit(of: path, byte: Int(damaged.offset) + 5)
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 1
        #expect(try await fixture.engine.collectGarbage(policy) { _ in }.holeByteCount == 0)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k31") }
        fixture.machine.disk.flipBit(of: path, byte: Int(damaged.offset) + 5)
        for index in 31..<64 { #expect(try await fixture.get("k\(index)") == Self.distinct(index)) }
    }

    @Test func `of which much is dead is made anew when holes give little back`() async throws {
        let fixture = try await grouped(64, Self.distinct)
        for index in 0..<64 where index % 3 == 0 { try await fixture.delete("k\(index)") }
        var policy = GarbagePolicy.half
        policy.unreturnedShareMin = 0.25
        let first = try await fixture.engine.collectGarbage(policy) { _ in }
        #expect(first.compactedPackCount == 0 && first.remainingGarbageByteCount == 0)
        #expect(try fixture.statistics().garbageByteCount > 10_000)
        #expect(try await fixture.engine.collectGarbage(policy) { _ in }.compactedPackCount == 1)
        #expect(try fixture.statistics().garbageByteCount == 0)
        for index in 0..<64 where index % 3 != 0 { #expect(try await fixture.get("k\(index)") == Self.distinct(index)) }
        try fixture.expectSound()
    }

    @Test func `is made anew without its dead ones`() async throws {
        let fixture = try await grouped(64, Self.distinct)
        for index in 0..<64 where index % 8 != 5 { try await fixture.delete("k\(index)") }
        let report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.compactedPackCount >= 1 && report.deletedPackCount == report.compactedPackCount)
        let records = try chunks(fixture)
        #expect(records.count == 8 && records.allSatisfy { $0.encoding == .grouped })
        #expect(try fixture.statistics().garbageByteCount == 0)
        for index in [5, 13, 21, 29, 37, 45, 53, 61] {
            #expect(try await fixture.get("k\(index)") == Self.distinct(index))
        }
        try fixture.expectSound()
        #expect(try await fixture.engine.collectGarbage(.all) { _ in } == GCReport())
    }

    @Test(arguments: [false, true])
    func `with a damaged frame loses no more than the later ones`(_ isDead: Bool) async throws {
        let fixture = try await grouped(8, Self.text)
        let damaged = try chunks(fixture)[4]
        if isDead { try await fixture.delete("k4") }
        _ = try await fixture.engine.collectGarbage(.half) { _ in }
        flip(damaged, fixture)
        for index in 0..<4 { #expect(try await fixture.get("k\(index)") == Self.text(index)) }
        for index in 5..<8 {
            await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k\(index)") }
        }
        #expect(try await scrub(fixture) == (isDead ? 3 : 4))
        let problems = try fixture.fsck(.frames).problems
        #expect(problems.count == (isDead ? 3 : 4), "\(problems)")
        // A rewrite moves what is intact and leaves the rest for whoever can mend it.
        for index in 0..<3 { try await fixture.delete("k\(index)") }
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.damagedFrameCount == (isDead ? 3 : 4))
        #expect(try await fixture.get("k3") == Self.text(3))
        flip(damaged, fixture)
        for index in 5..<8 { #expect(try await fixture.get("k\(index)") == Self.text(index)) }
        #expect(try fixture.fsck().problems.isEmpty)
    }

    @Test func `has no more frames than it may have`() async throws {
        func bytes(_ index: Int) -> [UInt8] {
            [UInt8]("Object \(index)".utf8) + [UInt8](repeating: 0x2e, count: 80)
        }
        let fixture = try await grouped(300, bytes)
        let records = try chunks(fixture)
        let distances = try records.map { try header($0, fixture).groupDistance }
        #expect(distances.indices.filter { distances[$0] == 0 } == [0, PackFormat.groupFrameCountMax])
        #expect(distances[255] == UInt32(records[255].offset - records[0].offset))
        for index in [0, 255, 256, 299] { #expect(try await fixture.get("k\(index)") == bytes(index)) }
        #expect(try await scrub(fixture) == 0)
    }

    @Test func `has no more bytes than it may have`() async throws {
        var configuration = EngineConfiguration.real
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        let sizes = [1 << 20, 1 << 19, 1 << 19, (1 << 20) - 1, 20_000]
        func bytes(_ index: Int) -> [UInt8] {
            PatternContent(seed: UInt64(index), isCompressible: true).bytes(0..<UInt64(sizes[index]))
        }
        for index in sizes.indices { try await fixture.put("k\(index)", bytes(index)) }
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        let records = try chunks(fixture)
        #expect(records.map { Int($0.plainByteCount) } == sizes && records.allSatisfy { $0.encoding == .grouped })
        #expect(try records.map { try header($0, fixture).groupDistance > 0 } == [false, false, true, false, false])
        for index in sizes.indices { #expect(try await fixture.get("k\(index)") == bytes(index)) }
        // What is in memory for a client that takes its time is what it asked for.
        let body = fixture.engine.read(try #require(try fixture.reference("k4")), 0..<20_000)
        let piece = try #require(try await body.next())
        #expect(piece.storageCapacity < 1 << 17)
        try fixture.expectSound()
    }

    @Test func `is read on from where the last reader has stopped`() async throws {
        let fixture = try await grouped(8, Self.text)
        #expect(try await fixture.get("k3") == Self.text(3))
        flip(try chunks(fixture)[2], fixture)
        // Those are in memory, and so is what the later ones need.
        for index in [0, 3, 5, 7, 4] { #expect(try await fixture.get("k\(index)") == Self.text(index)) }
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k2") }
        let next = try await fixture.restarted()
        await #expect(throws: StoreError(.corrupted)) { try await next.get("k4") }
    }

    @Test func `is read by many at once, and beside more than are kept`() async throws {
        var configuration = EngineConfiguration.real
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        let count = 36
        func bytes(_ index: Int) -> [UInt8] {
            PatternContent(seed: UInt64(index), isCompressible: true).bytes(0..<262_000)
        }
        for index in 0..<count { try await fixture.put("k\(index)", bytes(index)) }
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        #expect(try chunks(fixture).count { try header($0, fixture).groupDistance == 0 } == 9)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<3 * count {
                let index = turn * 7 % count
                group.addTask { try await fixture.get("k\(index)") == bytes(index) }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    /// Each with right checksums: of five frames, the fourth says another distance.
    @Test(arguments: [0, 1, 64, -1, -64, 1 << 20, Int(UInt32.max)])
    func `is refused when a frame points elsewhere`(_ distance: Int) async throws {
        let fixture = try await grouped(5, Self.text)
        let records = try chunks(fixture)
        let own = try header(records[3], fixture)
        // To the frames before, to the pack's header, and to where nothing begins.
        for target in [distance, Int(own.groupDistance) + distance, Int(records[3].offset - records[2].offset)] {
            let crafted = FrameHeader(
                encoding: own.encoding,
                plainByteCount: own.plainByteCount,
                encodedByteCount: own.encodedByteCount,
                xxh3: own.xxh3,
                digest: own.digest,
                groupDistance: UInt32(clamping: target)
            )
            guard crafted != own else { continue }
            try replace(records[3], crafted, [], fixture)
            await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k3") }
            await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k4") }
            #expect(try await fixture.get("k2") == Self.text(2))
            #expect(try await scrub(fixture) == 2)
            #expect(try fixture.fsck(.frames).problems.count == 2)
            #expect(try fixture.fsck(.contents).problems.count == 2)
        }
        try await fixture.delete("k0")
        _ = try await fixture.engine.collectGarbage(.half) { _ in }
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.damagedFrameCount == 2)
        #expect(try await fixture.get("k2") == Self.text(2))
    }

    /// With right checksums and the right lengths, but another chunk's: as the first of a run, and behind others.
    @Test(arguments: [0, 1, 3])
    func `is refused from the frame on that says that it is another chunk`(_ index: Int) async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        configuration.packByteCountMax = 1 << 20
        configuration.readByteCountMax = 1 << 20
        let fixture = try EngineFixture(configuration: configuration)
        let content = try await fixture.put("a", PatternContent(seed: 1, isCompressible: true).bytes(0..<8_000))
        try await fixture.put("b", PatternContent(seed: 2, isCompressible: true).bytes(0..<900))
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        let records = try chunks(fixture)
        let (own, other) = (try header(records[index], fixture), try header(try #require(records.last), fixture))
        let crafted = FrameHeader(
            encoding: own.encoding,
            plainByteCount: own.plainByteCount,
            encodedByteCount: own.encodedByteCount,
            xxh3: own.xxh3,
            digest: other.digest,
            groupDistance: own.groupDistance
        )
        try write(crafted, [], at: records[index], fixture)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.get("a") }
        let intact = records[..<index].reduce(0) { $0 + UInt64($1.plainByteCount) }
        let bytes = PatternContent(seed: 1, isCompressible: true).bytes(0..<intact)
        #expect(try await fixture.read(content, 0..<intact) == bytes)
    }

    /// Groups of three at the same offset of several packs: of one the first is live, of the next one the last.
    @Test func `is not taken for that of another pack`() async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        configuration.packByteCountMax = 3_300
        let fixture = try EngineFixture(configuration: configuration)
        for index in 0..<12 { try await fixture.put("k\(index)", Self.distinct(index)) }
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        let firsts = try chunks(fixture).filter { $0.offset == UInt64(PackFormat.headerByteCount) }
        #expect(firsts.count == 4 && firsts.allSatisfy { $0.encoding == .grouped })
        for index in 0..<12 where index % 6 != 0 && index % 6 != 5 { try await fixture.delete("k\(index)") }
        var policy = GarbagePolicy.half
        policy.rewriteShareMin = 1
        #expect(try await fixture.engine.collectGarbage(policy) { _ in }.chunkCount == 8)
        #expect(try chunks(fixture).map(\.pack) == firsts.map(\.pack))
        try fixture.expectSound()
    }

    /// A few kilobytes of frames may hold a hundred.
    @Test func `is read a bounded number of plain bytes at a time`() async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        configuration.packByteCountMax = 1 << 20
        configuration.segmentEntryCountMax = 64
        let fixture = try EngineFixture(
            machine: SimulatedMachine(seed: 1, caching: .never),
            configuration: configuration
        )
        let bytes = (0..<64).flatMap { index in
            Array("\(index)".utf8) + [UInt8](repeating: 0x2e, count: index < 10 ? 1_023 : 1_022)
        }
        try await fixture.put("a", bytes, chunking: .whole)
        #expect(try chunks(fixture).count == 64)
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        let before = fixture.machine.power.readCount
        #expect(try await fixture.get("a") == bytes)
        // Four chunks of a kibibyte; 46 of their frames would fit as well.
        #expect(fixture.machine.power.readCount - before >= 16, "\(fixture.machine.power.readCount - before)")
    }

    @Test func `is decompressed once by who reads on from its middle`() async throws {
        var configuration = EngineConfiguration.real
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(
            machine: SimulatedMachine(seed: 1, caching: .never),
            configuration: configuration
        )
        let bytes = PatternContent(seed: 1, isCompressible: true).bytes(0..<8_000_000)
        let content = try await fixture.put("a", bytes)
        _ = try await fixture.engine.collectGarbage(Self.recompressing) { _ in }
        let before = fixture.machine.power.readCount
        #expect(try await fixture.read(content, 700_000..<8_000_000) == [UInt8](bytes[700_000...]))
        // Eight groups; who began each run in one would read what is before it in its group once more.
        #expect(fixture.machine.power.readCount - before <= 11, "\(fixture.machine.power.readCount - before)")
    }

    /// Each with right checksums, also in the index, and as long as before.
    @Test(
        arguments: [
            // Up to 128 KiB of one byte from each four; a window of terabytes; frames to be skipped; blocks of nothing.
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0x02, 0x00, 0x10, 0x41],
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x02, 0x00, 0x10, 0x41],
            [0x50, 0x2a, 0x4d, 0x18, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00],
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0x00, 0x00, 0x00],
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0x01, 0x00, 0x00],
        ] as [[UInt8]]
    )
    func `is refused when its pieces are no pieces`(_ head: [UInt8]) async throws {
        let fixture = try await grouped(5, Self.text)
        let records = try chunks(fixture)
        let own = try header(records[0], fixture)
        var payload = head
        while payload.count + 4 <= own.encodedByteCount { payload += head.suffix(4) }
        payload += [UInt8](repeating: 0, count: Int(own.encodedByteCount) - payload.count)
        let crafted = FrameHeader(
            encoding: own.encoding,
            plainByteCount: own.plainByteCount,
            encodedByteCount: own.encodedByteCount,
            xxh3: payload.withUnsafeBytes { XXH3.hash64($0) },
            digest: own.digest
        )
        try replace(records[0], crafted, payload, fixture)
        for index in 0..<5 {
            await #expect(throws: StoreError(.corrupted)) { try await fixture.get("k\(index)") }
        }
        #expect(try await scrub(fixture) == 5)
        #expect(try fixture.fsck(.frames).problems.count == 5)
        try await fixture.delete("k0")
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.damagedFrameCount == 4)
    }

    private func write(
        _ header: FrameHeader,
        _ payload: [UInt8],
        at record: ChunkRecord,
        _ fixture: EngineFixture
    ) throws {
        var bytes = [UInt8](repeating: 0, count: PackFormat.frameHeaderByteCount) + payload
        bytes.withUnsafeMutableBytes { header.encode(to: $0) }
        let path = SimulatedMachine.dataDirectory + "/packs/" + PackFormat.fileName(record.pack)
        let file = try fixture.machine.fileSystem.open(path, .readWrite)
        try bytes.withUnsafeBytes { try file.write($0, at: record.offset) }
    }

    /// Puts a frame in the place of another as long, in its pack and in the index.
    private func replace(
        _ record: ChunkRecord,
        _ header: FrameHeader,
        _ payload: [UInt8],
        _ fixture: EngineFixture
    ) throws {
        try write(header, payload, at: record, fixture)
        var changed = record
        changed.xxh3 = header.xxh3
        var batch = MetadataBatch()
        batch.put(.chunks, EngineKeys.chunk(header.digest), changed.encoded)
        try fixture.metadata.commit(batch)
    }

    /// Holes give back the little that lies outside of the group: the rest would stay for as long as the drive is full.
    @Test func `is made anew on a full drive`() async throws {
        let floor: UInt64 = 1 << 20
        func bytes(_ index: Int) -> [UInt8] {
            index < 8 ? PatternContent(seed: UInt64(index)).bytes(0..<1_000) : Self.distinct(index)
        }
        let fixture = try await grouped(72, bytes, freeByteFloor: floor)
        for index in 0..<71 { try await fixture.delete("k\(index)") }
        fixture.machine.disk.setCapacity(byteCount: floor)
        let report = try await fixture.engine.collectGarbage(.half) { _ in }
        #expect(report.holeByteCount > 0 && report.deletedPackCount == 1)
        #expect(try await fixture.get("k71") == Self.distinct(71))
        try fixture.expectSound()
    }

    private static var recompressing: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.recompressIdleSecondsMin = 0
        return policy
    }
}
