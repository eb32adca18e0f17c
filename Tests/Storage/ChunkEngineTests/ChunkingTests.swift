// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

@testable import ChunkEngine
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Ways of chunking` {
    private func cuts(_ bytes: [UInt8], _ chunking: Chunking) -> [Int] {
        var chunker = Chunker(ChunkSizes(), chunking)
        let whole = chunker.cuts(bytes)
        for limit in [700, 300_000] {
            var chunker = Chunker(ChunkSizes(), chunking)
            #expect(chunker.cuts(bytes) { $0.below(limit) + 1 } == whole)
        }
        return whole
    }

    @Test func `cut pages at multiples`() {
        let bytes = PatternContent(seed: 1).bytes(0..<300_000)
        #expect(cuts(bytes, .pages) == [65_536, 131_072, 196_608, 262_144])
    }

    /// Of the start of each entry's data; headers and short entries are cut by content.
    @Test func `cut pages in a tar where its files have them`() {
        var tar = TarContent()
        tar.add(PatternContent(seed: 1).bytes(0..<500))
        tar.add(PatternContent(seed: 2).bytes(0..<150_000))
        tar.add(PatternContent(seed: 3).bytes(0..<81_920))
        tar.end()
        let (first, second) = (1_536, 152_064)
        let expected = [
            first, first + 65_536, first + 131_072, first + 150_000, second, second + 65_536, second + 81_920,
        ]
        #expect(cuts(tar.bytes, .pages) == expected)
        // A part that begins in the middle of an entry can't know where its pages are, up to the next header.
        let part = [UInt8](tar.bytes[512 * 200..<tar.bytes.count])
        #expect(cuts(part, .pages) == [49_664, 49_664 + 65_536, 49_664 + 81_920])
    }

    @Test func `cut a whole as seldom as can be`() {
        var tar = TarContent()
        tar.add(PatternContent(seed: 4).bytes(0..<2_500_000))
        #expect(cuts(tar.bytes, .whole) == [1 << 20, 2 << 20])
    }

    @Test(arguments: Chunking.allCases)
    func `give the same bytes back`(_ chunking: Chunking) async throws {
        let fixture = try EngineFixture()
        for byteCount: UInt64 in [0, 64, 1_000, 1_024, 1_025, 5_000, 40_000] {
            let bytes = PatternContent(seed: byteCount, isCompressible: true).bytes(0..<byteCount)
            try await fixture.put("a\(byteCount)", bytes, announcesSize: byteCount != 5_000, chunking: chunking)
            #expect(try await fixture.get("a\(byteCount)") == bytes)
        }
        try fixture.expectSound()
    }

    @Test func `try no compression on a whole`() async throws {
        let bytes = PatternContent(seed: 5, isCompressible: true).bytes(0..<40_000)
        let (plain, cut) = (try EngineFixture(), try EngineFixture())
        try await plain.put("a", bytes, chunking: .whole)
        try await cut.put("a", bytes)
        #expect(try plain.statistics().compressedByteCount == 40_000)
        #expect(try cut.statistics().compressedByteCount < 30_000)
    }

    /// Parts of 5, 8 and 16 MiB, on the scale of the small configuration.
    @Test(arguments: [Chunking.whole, .pages])
    func `store parts of any length once`(_ chunking: Chunking) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 6).bytes(0..<80 << 10)
        for kibibytes in [5, 8, 16] {
            for start in stride(from: 0, to: bytes.count, by: kibibytes << 10) {
                let part = [UInt8](bytes[start..<start + kibibytes << 10])
                try await fixture.put("\(kibibytes) \(start)", part, chunking: chunking)
            }
        }
        #expect(try fixture.statistics().deduplicatedByteCount == UInt64(bytes.count))
    }
}
