// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// What a run of bytes of one length does to the checksum in front of it, worked out once for many runs.
///
/// Combining is linear over the bits of the first value, so the images of its single bits say it all: 64 combinations to
/// prepare (0.4 ms), then 50 ns a run instead of 6 µs. The parts of an upload are all of one size but the last.
struct CRCShift {
    let byteCount: UInt64
    /// Of the lowest bit first.
    private let images: [UInt64]

    init(_ algorithm: ChecksumAlgorithm, byteCount: UInt64) {
        self.byteCount = byteCount
        let zeros = [UInt8](repeating: 0, count: algorithm.byteCount)
        images = (0..<algorithm.byteCount * 8).map { bit in
            var value = zeros
            value[algorithm.byteCount - 1 - bit / 8] = 1 << UInt8(bit % 8)
            return Self.integer(CRC.combine(algorithm, value, zeros, secondByteCount: byteCount))
        }
    }

    /// The value of `first` with a run of `byteCount` bytes behind it whose own value is `second`.
    func combine(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var result = second
        var rest = first
        while rest != 0 {
            result ^= images[rest.trailingZeroBitCount]
            rest &= rest - 1
        }
        return result
    }

    /// - Parameter bytes: big-endian, up to eight.
    static func integer(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func bytes(_ value: UInt64, count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}

/// The checksum of parts one after the other, from that of each.
struct CRCChain {
    /// A shift costs as much to prepare as this many combinations cost without one.
    private static let shiftPartCountMin = 80

    /// - Parameter parts: value and size of each; at least one.
    static func combine(_ algorithm: ChecksumAlgorithm, _ parts: [(bytes: [UInt8], size: UInt64)]) -> [UInt8] {
        var counts: [UInt64: Int] = [:]
        for part in parts.dropFirst() { counts[part.size, default: 0] += 1 }
        let common = counts.max { $0.value < $1.value }
        guard let common, common.value >= shiftPartCountMin else {
            return parts.dropFirst().reduce(parts[0].bytes) { combined, next in
                CRC.combine(algorithm, combined, next.bytes, secondByteCount: next.size)
            }
        }
        let shift = CRCShift(algorithm, byteCount: common.key)
        var value = CRCShift.integer(parts[0].bytes)
        for part in parts.dropFirst() {
            if part.size == shift.byteCount {
                value = shift.combine(value, CRCShift.integer(part.bytes))
            } else {
                let first = CRCShift.bytes(value, count: algorithm.byteCount)
                value = CRCShift.integer(CRC.combine(algorithm, first, part.bytes, secondByteCount: part.size))
            }
        }
        return CRCShift.bytes(value, count: algorithm.byteCount)
    }
}
