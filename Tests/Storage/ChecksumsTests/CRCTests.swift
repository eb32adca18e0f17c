// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Checksums
import StorageTypes
import Testing

@Suite struct `CRC kernels` {
    static let kernels = [drydock_kernel_sse42, drydock_kernel_pclmul, drydock_kernel_vpclmul512]

    @Test func `the scalar kernel is always there`() {
        #expect(drydock_kernel_available(drydock_kernel_scalar))
    }

    /// Bit by bit, straight from the definition.
    @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
    func `the scalar kernel follows the definition`(_ algorithm: ChecksumAlgorithm) {
        let (polynomial, ones): (UInt64, UInt64) =
            switch algorithm {
            case .crc32: (0xEDB8_8320, 0xFFFF_FFFF)
            case .crc32c: (0x82F6_3B78, 0xFFFF_FFFF)
            default: (0x9A6C_9329_AC4B_C9B5, .max)
            }
        var generator = TestGenerator(seed: 4)
        for count in 0...100 {
            let bytes = generator.bytes(count: count)
            var expected = ones
            for byte in bytes {
                expected ^= UInt64(byte)
                for _ in 0..<8 { expected = expected >> 1 ^ (expected & 1 == 1 ? polynomial : 0) }
            }
            #expect(value(drydock_kernel_scalar, algorithm, 0, bytes[...]) == expected ^ ones)
        }
    }

    @Test(.enabled(if: kernels.contains(where: drydock_kernel_available), "this CPU has the scalar kernel only"))
    func `every kernel equals the scalar one at any length and alignment`() {
        var generator = TestGenerator(seed: 5)
        let bytes = generator.bytes(count: 3 << 20)
        var cases = (0...4_096).map { (offset: $0 % 67, count: $0) }
        cases += (0..<20).map { _ in
            (
                offset: Int.random(in: 0..<4_096, using: &generator),
                count: Int.random(in: 0..<(3 << 20 - 4_096), using: &generator)
            )
        }
        for algorithm in [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme] {
            let mask: UInt64 = algorithm == .crc64nvme ? .max : 0xFFFF_FFFF
            for kernel in Self.kernels where drydock_kernel_available(kernel) {
                for (offset, count) in cases {
                    let piece = bytes[offset..<offset + count]
                    let seed = generator.next() & mask
                    let expected = value(drydock_kernel_scalar, algorithm, seed, piece)
                    let isEqual = value(kernel, algorithm, seed, piece) == expected
                    #expect(isEqual, "\(algorithm.name) by \(kernel), \(count) bytes at \(offset)")
                    if !isEqual { return }
                }
            }
        }
    }

    @Test func `the automatic choice equals the scalar kernel around its thresholds`() {
        var generator = TestGenerator(seed: 6)
        for count in [0, 1, 15, 16, 63, 64, 127, 128, 129, 255, 256, 511, 512, 513, 1_023, 10_000] {
            let bytes = generator.bytes(count: count)
            bytes.withUnsafeBytes { all in
                #expect(UInt64(CRC32.hash(all)) == value(drydock_kernel_scalar, .crc32, 0, bytes[...]))
                #expect(UInt64(CRC32C.hash(all)) == value(drydock_kernel_scalar, .crc32c, 0, bytes[...]))
                #expect(CRC64NVME.hash(all) == value(drydock_kernel_scalar, .crc64nvme, 0, bytes[...]))
            }
        }
    }

    private func value(
        _ kernel: drydock_kernel,
        _ algorithm: ChecksumAlgorithm,
        _ seed: UInt64,
        _ bytes: ArraySlice<UInt8>
    ) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            switch algorithm {
            case .crc32: UInt64(drydock_crc32_with(kernel, UInt32(seed), bytes.baseAddress, bytes.count))
            case .crc32c: UInt64(drydock_crc32c_with(kernel, UInt32(seed), bytes.baseAddress, bytes.count))
            default: drydock_crc64nvme_with(kernel, seed, bytes.baseAddress, bytes.count)
            }
        }
    }
}

@Suite struct `Combining CRCs` {
    static let algorithms = [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme]

    @Test func `only CRCs combine`() {
        #expect(ChecksumAlgorithm.allCases.filter(CRC.canCombine) == Self.algorithms)
    }

    @Test(arguments: algorithms)
    func `two values give the value of both runs`(_ algorithm: ChecksumAlgorithm) {
        var generator = TestGenerator(seed: 7)
        for (left, right) in [(0, 0), (1, 0), (0, 1), (1, 1), (5, 64), (1_000, 3), (4_097, 70_000)] {
            let first = generator.bytes(count: left)
            let second = generator.bytes(count: right)
            let combined = CRC.combine(
                algorithm,
                RunningChecksum.hash(algorithm, first),
                RunningChecksum.hash(algorithm, second),
                secondByteCount: UInt64(right),
            )
            #expect(combined == RunningChecksum.hash(algorithm, first + second), "\(left) and \(right) bytes")
        }
    }

    /// `spec/s3.md` §4: parts of 5 MiB of A, B and C.
    @Test(arguments: [
        (ChecksumAlgorithm.crc32, "5a00e105"),  // WgDhBQ==
        (.crc32c, "c54f8aaf"),  // xU+Krw==
        (.crc64nvme, "8bee8b474cb7785a"),  // i+6LR0y3eFo=
    ])
    func `the S3 suite's three parts combine to its full-object value`(algorithm: ChecksumAlgorithm, hex: String) {
        let partByteCount = 5 << 20
        let parts = ["A", "B", "C"].map { letter in
            RunningChecksum.hash(algorithm, [UInt8](repeating: letter.utf8.first ?? 0, count: partByteCount))
        }
        let whole = parts.dropFirst().reduce(parts[0]) {
            CRC.combine(algorithm, $0, $1, secondByteCount: UInt64(partByteCount))
        }
        #expect(Hex.encode(whole) == hex)
    }

    @Test func `the S3 suite's composite values and entity tag come out`() {
        let parts = ["A", "B", "C"].map { [UInt8](repeating: $0.utf8.first ?? 0, count: 5 << 20) }
        func composite(_ algorithm: ChecksumAlgorithm) -> String {
            Hex.encode(RunningChecksum.hash(algorithm, parts.flatMap { RunningChecksum.hash(algorithm, $0) }))
        }
        // sizjvY4eud3MrcHdZM3cQ/ol39o=, uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=
        #expect(composite(.sha1) == "b22ce3bd8e1eb9ddccadc1dd64cddc43fa25dfda")
        #expect(composite(.sha256) == "b96070a5ed5dc48e15c3c19fd17f729ce770fd24ba541cdf5a6f608a2bf5b1fe")
        #expect(composite(.md5) == "b2add96cc9702bbf4efb0ccdfc6b7747")
    }

    @Test(arguments: algorithms)
    func `lengths above 4 GiB are exact`(_ algorithm: ChecksumAlgorithm) {
        // Zeros, doubled from 1 MiB to 8 GiB, then appended to something in one step and in two.
        var byteCount = UInt64(1) << 20
        var zeros = RunningChecksum.hash(algorithm, [UInt8](repeating: 0, count: Int(byteCount)))
        var half = zeros
        while byteCount < 8 << 30 {
            half = zeros
            zeros = CRC.combine(algorithm, zeros, zeros, secondByteCount: byteCount)
            byteCount *= 2
        }
        let start = RunningChecksum.hash(algorithm, [1, 2, 3])
        let once = CRC.combine(algorithm, start, zeros, secondByteCount: byteCount)
        var twice = CRC.combine(algorithm, start, half, secondByteCount: byteCount / 2)
        twice = CRC.combine(algorithm, twice, half, secondByteCount: byteCount / 2)
        #expect(once == twice)
        #expect(once != CRC.combine(algorithm, start, zeros, secondByteCount: byteCount & 0xFFFF_FFFF))
    }
}
