// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
@testable import ChunkEngine
import StorageTestSupport
import Testing

@Suite struct `The chunker` {
    static let sizes = [ChunkSizes(), ChunkSizes(byteCountMin: 128, byteCountNormal: 256, byteCountMax: 2_048)]
    static let kernels = Chunker.kernels.filter(drydock_kernel_available)

    private func cuts(
        _ bytes: [UInt8],
        _ sizes: ChunkSizes,
        _ kernel: drydock_kernel? = nil,
        pieces: (inout SeededGenerator) -> Int = { _ in .max / 2 }
    ) -> [Int] {
        var chunker = kernel.map { Chunker(sizes, kernel: $0) } ?? Chunker(sizes)
        return chunker.cuts(bytes, pieces: pieces)
    }

    @Test(arguments: kernels, [false, true])
    func `cuts the same however the bytes arrive`(_ kernel: drydock_kernel, _ isCompressible: Bool) {
        for sizes in Self.sizes {
            let byteCount = UInt64(sizes.byteCountMax * 12)
            let bytes = PatternContent(seed: 5, isCompressible: isCompressible).bytes(0..<byteCount)
            let whole = cuts(bytes, sizes, kernel)
            #expect(whole.count > 4)
            #expect(cuts(bytes, sizes, kernel) { _ in 63 } == whole)
            #expect(cuts(bytes, sizes, kernel) { _ in 4_096 } == whole)
            #expect(cuts(bytes, sizes, kernel) { $0.below(70_000) + 1 } == whole)
        }
    }

    @Test(arguments: kernels)
    func `cuts the same on every CPU`(_ kernel: drydock_kernel) {
        for bytes in [
            PatternContent(seed: 11).bytes(0..<3 << 20),
            PatternContent(seed: 12, isCompressible: true).bytes(0..<3 << 20),
            Self.marked,
        ] {
            for sizes in Self.sizes {
                #expect(cuts(bytes, sizes, kernel) == cuts(bytes, sizes, drydock_kernel_scalar))
            }
        }
    }

    /// Each third position has the mark and fails the strict test, and so is a cut only from the normal size on.
    private static let marked = (0..<1 << 20).map { [0x43, 0xeb, 0x9e][$0 % 3] as UInt8 }

    @Test(arguments: kernels)
    func `is stricter below the normal size`(_ kernel: drydock_kernel) {
        let first = cuts(Self.marked, ChunkSizes(), kernel).first
        #expect(first.map { (65_536...65_538).contains($0) } == true)
    }

    @Test(arguments: sizes.indices)
    func `keeps every chunk between its limits`(_ index: Int) {
        let sizes = Self.sizes[index]
        for bytes in [
            PatternContent(seed: 6).bytes(0..<UInt64(sizes.byteCountMax * 40)),
            [UInt8](repeating: 0, count: sizes.byteCountMax * 4),
        ] {
            var start = 0
            for cut in cuts(bytes, sizes) {
                #expect((sizes.byteCountMin...sizes.byteCountMax).contains(cut - start))
                start = cut
            }
            #expect(bytes.count - start < sizes.byteCountMax)
        }
    }

    @Test func `makes chunks of about the normal size`() {
        let bytes = PatternContent(seed: 7).bytes(0..<(24 << 20))
        let count = cuts(bytes, ChunkSizes()).count
        #expect((60_000...90_000).contains(bytes.count / count))
    }

    /// A run of one value is everywhere the same: it is cut everywhere or nowhere, and it had better be nowhere.
    @Test(arguments: UInt8.min...UInt8.max)
    func `makes the longest chunks of a repeated byte`(_ byte: UInt8) {
        #expect(cuts([UInt8](repeating: byte, count: 300_000), ChunkSizes()) == [262_144])
    }

    @Test func `finds the old cuts again behind an insertion`() {
        let bytes = PatternContent(seed: 8).bytes(0..<(6 << 20))
        let changed = [UInt8](bytes[..<1_000_000]) + [1, 2, 3] + [UInt8](bytes[1_000_000...])
        let old = Set(cuts(bytes, ChunkSizes()))
        let new = Set(cuts(changed, ChunkSizes()).map { $0 > 1_000_000 ? $0 - 3 : $0 })
        #expect(old.subtracting(new).count <= 4)
    }

    /// Written down, because another hash or mark would silently stop deduplication with everything stored before.
    @Test func `makes the cuts of format version 1`() {
        let bytes = PatternContent(seed: 1).bytes(0..<1_000_000)
        #expect(
            cuts(bytes, ChunkSizes()) == [
                28_692, 105_896, 179_524, 257_704, 331_514, 445_054, 512_762, 589_404, 682_508, 764_811, 850_375,
                925_719,
            ]
        )
    }

    /// The definition of the format page, one position at a time.
    @Test(arguments: kernels)
    func `agrees with its definition`(_ kernel: drydock_kernel) {
        let sizes = Self.sizes[1]
        let bytes = PatternContent(seed: 10).bytes(0..<100_000)
        var expected: [Int] = []
        var start = 0
        for end in 1...bytes.count {
            let length = end - start
            guard length >= sizes.byteCountMin else { continue }
            let isMarked = Self.hash(bytes[end - 32..<end]) >> 10 == 0b11_1111
            let isStrict = length < sizes.byteCountNormal
            if isMarked && (!isStrict || Self.hash(bytes[end - 64..<end - 32]) >> 12 == 0b1111)
                || length == sizes.byteCountMax
            {
                expected.append(end)
                start = end
            }
        }
        #expect(cuts(bytes, sizes, kernel) == expected)
        #expect(Self.hash([UInt8](0..<32)[...]) == 0x47af)
    }

    static func hash(_ window: ArraySlice<UInt8>) -> UInt16 {
        var (sum, weight): (UInt16, UInt16) = (0, 1)
        for last in stride(from: window.endIndex - 1, to: window.startIndex, by: -2) {
            let product = (UInt16(window[last - 1]) | UInt16(window[last]) << 8) &* 0xcf45
            sum &+= (product ^ product / 128) &* weight
            weight &*= 0xe3ed
        }
        return sum
    }
}
