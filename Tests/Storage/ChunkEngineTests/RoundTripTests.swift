// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Checksums
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `A content` {
    static let sizes: [UInt64] = [
        0, 1, 4_096, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 100_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1,
        3_000_000,
        10 << 20,
    ]

    @Test(arguments: sizes, [false, true])
    func `comes back as it was`(_ size: UInt64, _ isCompressible: Bool) async throws {
        var configuration = EngineConfiguration.real
        configuration.compressingFreeShareMax = isCompressible ? 1 : 0
        let fixture = try EngineFixture(configuration: configuration)
        let bytes = PatternContent(seed: size, isCompressible: isCompressible).bytes(0..<size)
        let content = try await fixture.put("a", bytes)
        #expect(content.size == size)
        #expect(try await fixture.get("a") == bytes)
        #expect(try await fixture.restarted().get("a") == bytes)
        let statistics = try fixture.statistics()
        #expect(statistics.deduplicatedByteCount == (size > 16 << 10 ? size : 0))
        if isCompressible, size > 16 << 10 { #expect(statistics.compressedByteCount < size / 2) }
    }

    /// Whole pages can go past the page cache; the short run between them must not be harmed.
    @Test func `takes whole pages of its pack when it is long`() async throws {
        let fixture = try EngineFixture(configuration: .real)
        let sizes: [UInt64] = [300_000, 20_000, 1 << 20, 20_001, 3_000_000]
        let contents = sizes.map { PatternContent(seed: $0).bytes(0..<$0) }
        fixture.machine.trace.removeAll()
        for (index, bytes) in contents.enumerated() { try await fixture.put("\(index)", bytes) }
        let writes = fixture.machine.trace.lines.compactMap { line -> (offset: Int, count: Int)? in
            guard line.hasPrefix("write packs/"), let place = line.split(separator: " ").last else { return nil }
            let numbers = place.split(separator: "+").compactMap { Int($0) }
            return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
        }
        let long = writes.filter { $0.count >= 128 << 10 }
        #expect(long.count >= 5)
        #expect(long.allSatisfy { $0.offset % 4_096 == 0 && $0.count % 4_096 == 0 })
        #expect(writes.contains { $0.count == 20_064 } && writes.contains { $0.count == 20_065 })
        let next = try await fixture.restarted()
        for (index, bytes) in contents.enumerated() { #expect(try await next.get("\(index)") == bytes) }
        try next.expectSound()
    }

    @Test(arguments: [1, 63, 64, 65, 1_000, 1_024, 1_025, 2_048, 2_049, 10_000, 40_000], [1, 100, 777, Int.max])
    func `does not depend on its pieces`(_ size: Int, _ pieceByteCount: Int) async throws {
        let bytes = PatternContent(seed: 3).bytes(0..<UInt64(size))
        let whole = try EngineFixture()
        try await whole.put("a", bytes)
        for announcesSize in [false, true] {
            let fixture = try EngineFixture()
            let staged = try await fixture.stage(bytes, pieceByteCount: pieceByteCount, announcesSize: announcesSize)
            #expect(staged.size == UInt64(size) && staged.md5 == MD5.hash(bytes))
            try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
                transaction.set("a", try transaction.adopt(staged))
            }
            #expect(try await fixture.get("a") == bytes)
            #expect(try fixture.pairs(.chunks).map(\.key) == whole.pairs(.chunks).map(\.key))
            try fixture.expectSound()
        }
    }

    @Test(arguments: ChecksumAlgorithm.allCases, [0, 10, 1_000, 20_000])
    func `has the digests that were asked for`(_ algorithm: ChecksumAlgorithm, _ size: Int) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 4).bytes(0..<UInt64(size))
        let staged = try await fixture.stage(
            bytes,
            pieceByteCount: 333,
            digests: DigestRequest(checksum: algorithm, sha256: true)
        )
        #expect(staged.md5 == MD5.hash(bytes))
        #expect(staged.sha256 == SHA256.hash(bytes))
        #expect(staged.checksum == ChecksumValue(algorithm: algorithm, bytes: RunningChecksum.hash(algorithm, bytes)))
        let plain = try await fixture.stage(bytes)
        #expect(plain.checksum == nil)
    }

    @Test(arguments: [1_000, 20_000, 300_000])
    func `has a tag of its chunks' identities when nobody asked for an MD5`(_ size: Int) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 4).bytes(0..<UInt64(size))
        let request = DigestRequest(checksum: .crc32, sha256: true, md5: false)
        let staged = try await fixture.stage(bytes, pieceByteCount: 333, digests: request)
        try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
            transaction.set("a", try transaction.adopt(staged))
        }
        let segments = try fixture.pairs(.contents).filter { EngineKeys.content(in: $0.key)?.segment != nil }
        let digests = try segments.flatMap { try RecipeSegment(decoding: $0.value).entries.flatMap(\.digest.bytes) }
        #expect(staged.entityTag == ETag(bytes: [UInt8](SHA256.hash(digests).bytes.prefix(16)), partCount: 1))
        #expect(staged.md5 == nil)
        #expect(staged.sha256 == SHA256.hash(bytes))
        #expect(staged.checksum?.bytes == RunningChecksum.hash(.crc32, bytes))
        let asked = try await fixture.stage(bytes, digests: DigestRequest(checksum: .md5, md5: false))
        #expect(asked.checksum?.bytes == MD5.hash(bytes))
    }

    @Test func `is read in any range`() async throws {
        let fixture = try EngineFixture()
        var generator = SeededGenerator(seed: 11)
        for size in [50, 1_000, 30_000] {
            let bytes = PatternContent(seed: 12, isCompressible: size == 1_000).bytes(0..<UInt64(size))
            let content = try await fixture.put("a", bytes)
            for _ in 0..<200 {
                let lower = generator.below(size + 1)
                let upper = lower + generator.below(size - lower + 1)
                let range = UInt64(lower)..<UInt64(upper)
                #expect(try await fixture.read(content, range) == [UInt8](bytes[lower..<upper]))
                if let cached = fixture.engine.readIfCached(content, range) {
                    #expect([UInt8](cached.readableBytesView) == [UInt8](bytes[lower..<upper]))
                }
            }
        }
    }

    @Test(arguments: [SimulatedCaching.always, .never, .random])
    func `is read whatever is in memory`(_ caching: SimulatedCaching) async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 5, caching: caching))
        for (index, size) in [10, 500, 30_000].enumerated() {
            let bytes = PatternContent(seed: UInt64(index)).bytes(0..<UInt64(size))
            let content = try await fixture.put("a", bytes)
            #expect(try await fixture.get("a") == bytes)
            let cached = fixture.engine.readIfCached(content, 0..<min(content.size, 500))
            if caching == .never { #expect(cached == nil) }
            if caching == .always {
                #expect(cached.map { [UInt8]($0.readableBytesView) } == [UInt8](bytes.prefix(500)))
            }
        }
    }

    @Test func `has its range checked for being too large for the cache`() async throws {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", PatternContent(seed: 1).bytes(0..<5_000))
        #expect(fixture.engine.readIfCached(content, 0..<5_000) == nil)
    }

    @Test func `that is inline can be taken with its handle`() async throws {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", [1, 2, 3])
        #expect(try await fixture.engine.inlineBytes(content) == ByteBuffer(bytes: [1, 2, 3]))
        try await fixture.delete("a")
        #expect(try await fixture.engine.inlineBytes(content) == nil)
    }

    @Test func `that was deleted is still read by who has it open`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<30_000)
        let content = try await fixture.put("a", bytes)
        try await fixture.delete("a")
        #expect(try await fixture.read(content, 0..<30_000) == bytes)
    }
}
