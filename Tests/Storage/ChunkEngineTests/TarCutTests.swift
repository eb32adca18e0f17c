// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
@testable import ChunkEngine
import StorageTestSupport
import Testing

@Suite struct `Cuts in a tar` {
    static let kernels = Chunker.kernels.filter(drydock_kernel_available)
    static let small = ChunkSizes(byteCountMin: 128, byteCountNormal: 256, byteCountMax: 2_048)

    private func cuts(_ bytes: [UInt8], _ sizes: ChunkSizes = ChunkSizes()) -> [Int] {
        var chunker = Chunker(sizes)
        return chunker.cuts(bytes)
    }

    private func chunks(_ bytes: [UInt8], _ sizes: ChunkSizes = ChunkSizes()) -> [ArraySlice<UInt8>] {
        let ends = cuts(bytes, sizes) + [bytes.count]
        return zip([0] + ends, ends).map { bytes[$0..<$1] }
    }

    /// Whether some bytes are a chunk of the content.
    private func has(_ content: [UInt8], _ bytes: [UInt8]) -> Bool {
        chunks(content).contains(bytes[...])
    }

    private func data(_ seed: UInt64, _ byteCount: Int) -> [UInt8] {
        PatternContent(seed: seed).bytes(0..<UInt64(byteCount))
    }

    @Test func `fall where the data of a long entry begin and end`() {
        var tar = TarContent()
        tar.add(data(1, 20_001))
        tar.add(data(2, 30_000))
        tar.add(data(3, 16_384))
        tar.end()
        #expect(cuts(tar.bytes) == [512, 20_513, 20_992 + 512, 51_504, 51_712 + 512, 68_608])
    }

    @Test func `leave short entries together`() {
        var tar = TarContent()
        for seed in 0..<100 { tar.add(data(UInt64(seed), 100)) }
        tar.add(data(100, 16_383))
        tar.end()
        let distances = zip(cuts(tar.bytes), [0] + cuts(tar.bytes)).map { $0 - $1 }
        #expect(distances.allSatisfy { $0 >= 16_384 })
    }

    @Test func `make equal files equal chunks wherever they stand`() {
        let files = (0..<12).map { data(UInt64($0), 16_384 + $0 * 31_007) }
        var (first, second) = (TarContent(), TarContent())
        for file in files { first.add(file, changed: 1) }
        for file in files.reversed() {
            second.add(data(99, file.count % 3_000), changed: 2)
            second.add(file, changed: 2)
        }
        let stored = Set(chunks(first.bytes))
        let found = chunks(second.bytes).filter(stored.contains).reduce(0) { $0 + $1.count }
        #expect(found == files.reduce(0) { $0 + $1.count })
    }

    /// Where a part begins inside an entry, the next header sets things right.
    @Test(arguments: [5, 8, 16])
    func `are the same in parts but for their borders`(_ mebibytes: Int) {
        var tar = TarContent()
        for seed in 0..<300 { tar.add(data(UInt64(seed), [900, 17_000, 160_001][seed % 3]), changed: seed) }
        let stored = Set(chunks(tar.bytes))
        let parts = stride(from: 0, to: tar.bytes.count, by: mebibytes << 20).map {
            [UInt8](tar.bytes[$0..<min($0 + mebibytes << 20, tar.bytes.count)])
        }
        let fresh = parts.flatMap { chunks($0).filter { !stored.contains($0) } }
        #expect(fresh.count <= 5 * (parts.count - 1))
    }

    @Test func `are found in a tar inside a tar`() {
        let files = (0..<6).map { data(UInt64($0), 20_000 + $0) }
        var (inner, outer) = (TarContent(), TarContent())
        for file in files { inner.add(file) }
        inner.end()
        outer.add(inner.bytes)
        outer.add(data(9, 30_000))
        for file in files + [data(9, 30_000)] { #expect(has(outer.bytes, file)) }
    }

    /// What has a size that can't be, or the wrong sum, is content like any other.
    @Test(arguments: [
        TarContent.octal(1 << 32), TarContent.base256(1 << 56), TarContent.base256(.max), TarContent.base256(1 << 55),
        [UInt8](repeating: 0xff, count: 12), [UInt8](repeating: 0x37, count: 12), Array("-0000000001\u{0}".utf8),
        Array("zzzzzzzzzzzz".utf8), [UInt8](repeating: 0x20, count: 12), [UInt8](repeating: 0, count: 12),
    ])
    func `survive any size`(_ size: [UInt8]) {
        let file = data(1, 30_000)
        var tar = TarContent()
        tar.add(file)
        tar.add(data(2, 400_000), size: size)
        #expect(has(tar.bytes, file))
        expectSound(tar.bytes, ChunkSizes())
        // The same in an entry's data, where it must not lead away from the entries behind.
        var outer = TarContent()
        outer.add(tar.bytes)
        outer.add(data(3, 20_000))
        #expect(has(outer.bytes, data(3, 20_000)))
        var wrong = TarContent.header(size: TarContent.octal(20_000))
        wrong[0] += 1
        #expect(!cuts(wrong + data(4, 200_000)).contains(512))
    }

    @Test func `ignore the sizes of what has no data`() {
        for type in "123456" {
            var tar = TarContent()
            tar.add([], type: type, size: TarContent.octal(1 << 20))
            tar.add(data(1, 20_000))
            #expect(cuts(tar.bytes) == [1_024, 21_024])
        }
    }

    /// Written down, because other cuts would silently stop deduplication with everything stored before.
    @Test func `are those of format version 1`() {
        var tar = TarContent()
        for seed in 0..<9 { tar.add(data(UInt64(seed), 1_000 + seed * 37_003), changed: seed) }
        tar.end()
        #expect(
            cuts(tar.bytes) == [
                2_048, 40_051, 40_960, 115_966, 116_736, 194_852, 228_745, 229_376, 357_328, 378_388, 379_392, 449_543,
                517_172, 565_407, 566_272, 660_704, 789_290, 790_016, 861_194, 919_152, 1_003_149, 1_050_037,
                1_050_624, 1_120_316, 1_190_485, 1_269_636, 1_347_648,
            ]
        )
    }

    // MARK: - Any content

    /// Entries short and long, nested and cut short, headers that lie, and bytes that are none of it.
    private func anyContent(_ generator: inout SeededGenerator, depth: Int = 0) -> [UInt8] {
        var tar = TarContent()
        for _ in 0..<generator.below(12) + 1 {
            let data = PatternContent(seed: generator.next(), isCompressible: generator.coin())
                .bytes(0..<UInt64([100, 700, 9_000][generator.below(3)]))
            switch generator.below(9) {
            case 0: tar.add(raw: data)
            case 1: tar.add(data, size: TarContent.octal(generator.below(30_000)))
            case 2: tar.add(data, size: TarContent.base256(generator.next() >> UInt64(generator.below(64))))
            case 3: tar.add(data, type: ["1", "5", "x", "L"][generator.below(4)])
            case 4: for _ in 0..<20 { tar.add([]) }
            case 5 where depth < 3: tar.add(anyContent(&generator, depth: depth + 1))
            case 6: tar.add(raw: TarContent.header(size: TarContent.octal(generator.below(5_000)), isGNU: true))
            case 7: tar.end()
            default: tar.add(data)
            }
        }
        return [UInt8](tar.bytes.dropLast(generator.coin() ? generator.below(tar.bytes.count) : 0))
    }

    private func expectSound(_ bytes: [UInt8], _ sizes: ChunkSizes) {
        let cuts = cuts(bytes, sizes)
        for (start, end) in zip([0] + cuts, cuts) {
            #expect(start < end && end - start <= sizes.byteCountMax)
            // Only what lies between the data of two entries may be shorter.
            if end - start < sizes.byteCountMin { #expect(end.isMultiple(of: 512)) }
        }
        #expect(bytes.count - (cuts.last ?? 0) <= sizes.byteCountMax)
    }

    @Test(arguments: 0..<40)
    func `depend on nothing but the content`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = anyContent(&generator)
        let expected = Self.definition(bytes, Self.small)
        for kernel in Self.kernels {
            var chunker = Chunker(Self.small, kernel: kernel)
            #expect(chunker.cuts(bytes) == expected)
            for limit in [1, 40, 700, 6_000] {
                var chunker = Chunker(Self.small, kernel: kernel)
                #expect(chunker.cuts(bytes, seed: seed) { $0.below(limit) + 1 } == expected)
            }
        }
        expectSound(bytes, Self.small)
    }

    /// The format page's text, one position at a time.
    private static func definition(_ bytes: [UInt8], _ sizes: ChunkSizes) -> [Int] {
        let entries = entries(bytes, longerThan: sizes.byteCountMin)
        var (start, result): (Int, [Int]) = (0, [])
        for end in 1...max(1, bytes.count) {
            let length = end - start
            let rest = entries.first { $0.contains(start) }.map { $0.upperBound - end }
            let isMarked = length >= sizes.byteCountMin && isCut(bytes, end, strict: length < sizes.byteCountNormal)
            let isAllowed = rest.map { $0 >= sizes.byteCountMin } ?? true
            let whole = rest.map { $0 + length }
            let isFull =
                whole.map { $0 > sizes.byteCountMax && length == min(sizes.byteCountMax, $0 - sizes.byteCountMin) }
                ?? (length == sizes.byteCountMax)
            if isMarked && isAllowed || isFull || rest == 0 || entries.contains(where: { $0.lowerBound == end }) {
                result.append(end)
                start = end
            }
        }
        return result
    }

    private static func isCut(_ bytes: [UInt8], _ end: Int, strict: Bool) -> Bool {
        `The chunker`.hash(bytes[end - 32..<end]) >> 10 == 0b11_1111
            && (!strict || `The chunker`.hash(bytes[end - 64..<end - 32]) >> 12 == 0b1111)
    }

    /// The data that have their own chunks.
    private static func entries(_ bytes: [UInt8], longerThan byteCountMin: Int) -> [Range<Int>] {
        var (position, end, outer, result): (Int, Int, Range<Int>?, [Range<Int>]) = (0, .max, nil, [])
        while position + 512 <= bytes.count {
            if position >= end { end = .max }
            let size = bytes[position..<position + 512].withUnsafeBytes(TarHeader.dataByteCount)
            let start = position + 512
            if let size, size <= (outer?.upperBound ?? end) - start {
                if let outer {
                    end = outer.upperBound
                    result.removeLast()
                    result.append(outer.lowerBound..<outer.lowerBound)
                }
                outer = size >= byteCountMin ? start..<start + size : nil
                if let outer { result.append(outer) }
                position = outer == nil ? start + (size + 511) / 512 * 512 : start
            } else {
                position = outer.map { ($0.upperBound + 511) / 512 * 512 } ?? start
                outer = nil
            }
        }
        return result
    }
}
