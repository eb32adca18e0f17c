// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums

/// A record of a log of RocksDB: a masked CRC32C (4), a length (2), a type (1), for some types the number of the log (4), and the payload.
struct RocksDBLogRecord {
    static let headerByteCount = 7

    /// From its first byte to the end of the block; at least a header.
    let bytes: UnsafeRawBufferPointer

    var byteCount: Int { payloadStart + Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) }

    /// Types 5 to 8 are those of logs that are used again.
    private var payloadStart: Int { Self.headerByteCount + (5...8 ~= bytes[6] ? 4 : 0) }

    /// Room that was taken and never written; RocksDB ends there, too.
    var isUnwritten: Bool { bytes.prefix(Self.headerByteCount).allSatisfy { $0 == 0 } }

    var isIntact: Bool { checksumDifference == 0 }

    /// Nil when it does not fit in the block.
    private var checksumDifference: UInt32? {
        let end = byteCount
        guard end <= bytes.count else { return nil }
        return CRC32C.hash(UnsafeRawBufferPointer(rebasing: bytes[6..<end])) ^ checksum
    }

    private var checksum: UInt32 {
        let unrotated = masked &- 0xa282_ead8
        return unrotated >> 17 | unrotated << 15
    }

    private var masked: UInt32 { bytes.loadUnaligned(as: UInt32.self) }

    private var mayBeginBatch: Bool { [1, 2, 5, 6].contains(bytes[6]) }

    /// The number of a batch's first change (8) and their count (4); nil when they go on in the next block.
    private var batchHead: (number: UInt64, count: UInt64)? {
        let head = UnsafeRawBufferPointer(rebasing: bytes[payloadStart..<byteCount].prefix(12))
        guard head.count == 12 else { return nil }
        return (head.loadUnaligned(as: UInt64.self), UInt64(head.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    }

    /// Whether a batch of changes begins here, with one of these numbers; nil: with any. What RocksDB writes when it opens a database
    /// after damage holds none.
    func beginsBatch(in numbers: ClosedRange<UInt64>?) -> Bool {
        guard mayBeginBatch, isIntact else { return false }
        guard let (number, count) = batchHead else { return numbers == nil || byteCount == bytes.count }
        return count > 0 && numbers?.contains(number) ?? true
    }

    /// The number of the change that comes next, when this record is intact and that of the next one was `number` before; nil when
    /// the record does not tell.
    func nextNumber(_ number: UInt64?) -> UInt64? {
        guard mayBeginBatch else { return number }
        return batchHead.flatMap { head in head.count == 0 ? number : head.number &+ head.count }
    }

    /// Whether turning over one of its bits would make it right.
    var hasFlippedBit: Bool { hasFlippedChecksum || hasFlippedPayload || hasFlippedLength }

    private var hasFlippedChecksum: Bool {
        guard let difference = checksumDifference else { return false }
        let crc = difference ^ checksum
        return (((crc >> 15 | crc << 17) &+ 0xa282_ead8) ^ masked).nonzeroBitCount == 1
    }

    /// A CRC is linear: what a bit changes depends only on how far it is from the end.
    private var hasFlippedPayload: Bool {
        guard let difference = checksumDifference else { return false }
        let polynomial: UInt32 = 0x82f6_3b78
        var change = polynomial
        for _ in 0..<(byteCount - 6) * 8 {
            if change == difference { return true }
            change = change >> 1 ^ (change & 1) * polynomial
        }
        return false
    }

    /// Of the length and the type.
    private var hasFlippedLength: Bool {
        var copy = [UInt8](bytes)
        return (32..<56).contains { bit in
            copy[bit / 8] ^= 1 << UInt8(bit % 8)
            defer { copy[bit / 8] ^= 1 << UInt8(bit % 8) }
            return copy.withUnsafeBytes { RocksDBLogRecord(bytes: $0).isIntact }
        }
    }
}
