// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

@testable import ChunkEngine
import StorageTestSupport
import Testing

@Suite struct `The chunker` {
    static let sizes = [ChunkSizes(), ChunkSizes(byteCountMin: 64, byteCountNormal: 256, byteCountMax: 2_048)]

    private func cuts(_ bytes: [UInt8], _ sizes: ChunkSizes, pieces: (inout SeededGenerator) -> Int) -> [Int] {
        var chunker = Chunker(sizes)
        var generator = SeededGenerator(seed: 9)
        var result: [Int] = []
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                let end = min(bytes.count, position + pieces(&generator))
                while position < end {
                    let step = chunker.advance(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                    position += step.byteCount
                    if step.isCut { result.append(position) }
                }
            }
        }
        return result
    }

    @Test(arguments: sizes.indices, [false, true])
    func `cuts the same however the bytes arrive`(_ index: Int, _ isCompressible: Bool) {
        let sizes = Self.sizes[index]
        let byteCount = UInt64(sizes.byteCountMax * 12)
        let bytes = PatternContent(seed: 5, isCompressible: isCompressible).bytes(0..<byteCount)
        let whole = cuts(bytes, sizes) { _ in .max }
        #expect(whole.count > 4)
        #expect(cuts(bytes, sizes) { _ in 1 } == whole)
        #expect(cuts(bytes, sizes) { _ in 63 } == whole)
        #expect(cuts(bytes, sizes) { _ in 4_096 } == whole)
        #expect(cuts(bytes, sizes) { $0.below(70_000) + 1 } == whole)
    }

    @Test(arguments: sizes.indices)
    func `keeps every chunk between its limits`(_ index: Int) {
        let sizes = Self.sizes[index]
        for bytes in [
            PatternContent(seed: 6).bytes(0..<UInt64(sizes.byteCountMax * 40)),
            [UInt8](repeating: 0, count: sizes.byteCountMax * 4),
        ] {
            var start = 0
            for cut in cuts(bytes, sizes, pieces: { _ in .max }) {
                #expect((sizes.byteCountMin...sizes.byteCountMax).contains(cut - start))
                start = cut
            }
            #expect(bytes.count - start < sizes.byteCountMax)
        }
    }

    @Test func `makes chunks of about the normal size`() {
        let bytes = PatternContent(seed: 7).bytes(0..<(24 << 20))
        let count = cuts(bytes, ChunkSizes()) { _ in .max }.count
        #expect((60_000...90_000).contains(bytes.count / count))
    }

    @Test func `finds the old cuts again behind an insertion`() {
        let bytes = PatternContent(seed: 8).bytes(0..<(6 << 20))
        let changed = [UInt8](bytes[..<1_000_000]) + [1, 2, 3] + [UInt8](bytes[1_000_000...])
        let old = Set(cuts(bytes, ChunkSizes()) { _ in .max })
        let new = Set(cuts(changed, ChunkSizes()) { _ in .max }.map { $0 > 1_000_000 ? $0 - 3 : $0 })
        #expect(old.subtracting(new).count <= 4)
    }

    /// Written down, because another table or mask would silently stop deduplication with everything stored before.
    @Test func `makes the cuts of format version 1`() {
        let bytes = PatternContent(seed: 1).bytes(0..<1_000_000)
        #expect(
            cuts(bytes, ChunkSizes()) { _ in .max } == [
                91_234, 160_503, 277_491, 364_273, 469_507, 543_214, 617_031, 708_319, 822_883, 866_788, 934_513,
                979_407,
            ]
        )
    }

    @Test func `uses the published gear table`() {
        var state: UInt64 = 0x4472_7964_6f63_6b31
        for index in 0..<256 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            #expect(Chunker.gear(index) == value ^ (value >> 31))
        }
    }

    /// The definition, one byte at a time, against the kernel.
    @Test func `agrees with its definition`() {
        let sizes = ChunkSizes(byteCountMin: 64, byteCountNormal: 256, byteCountMax: 2_048)
        let bytes = PatternContent(seed: 10).bytes(0..<100_000)
        var expected: [Int] = []
        var start = 0
        for end in 1...bytes.count {
            let length = end - start
            guard length >= sizes.byteCountMin else { continue }
            var hash: UInt64 = 0
            for byte in bytes[end - 64..<end] { hash = (hash << 1) &+ Chunker.gear(Int(byte)) }
            let mask: UInt64 = length < sizes.byteCountNormal ? ~0 << 54 : ~0 << 58
            if hash & mask == 0 || length == sizes.byteCountMax {
                expected.append(end)
                start = end
            }
        }
        #expect(cuts(bytes, sizes) { _ in .max } == expected)
    }
}
