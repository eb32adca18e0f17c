// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import Glibc

/// A log of RocksDB, or its list of files (`MANIFEST`), which has the same format: blocks of 32 KiB, in them records of a masked
/// CRC32C (4), a length (2), a type (1), for some types the number of the log (4), and the payload. Less than 7 bytes at the end of a
/// block are zero.
///
/// RocksDB takes a record that does not fit in the file for one that a loss of power has cut short, and goes on without it and what
/// follows. A flipped bit in a length or a type looks the same, but for the checksum, which is right for the right ones.
enum RocksDBLogFile {
    enum Flaw: Equatable, CustomStringConvertible {
        /// The file ends inside a record.
        case torn(at: Int)
        /// The record's bytes are others than were written.
        case damaged(at: Int)

        var description: String {
            switch self {
            case .torn(let offset): "it ends inside the record at byte \(offset)"
            case .damaged(let offset): "at byte \(offset)"
            }
        }
    }

    private static let blockByteCount = 32 << 10
    private static let headerByteCount = 7

    /// The first flaw; nil when there is none, or no file. Blocks.
    ///
    /// - Parameter byteCount: as much as there is, when nil.
    static func flaw(in path: String, byteCount: Int? = nil) throws(MetadataError) -> Flaw? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw MetadataError(.ioFailure, "can't open \(path): errno \(errno)")
        }
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: blockByteCount)
        var start = 0
        while true {
            let limit = min(blockByteCount, (byteCount ?? .max) - start)
            let count = block.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, limit, off_t(start)) }
            guard count >= 0 else { throw MetadataError(.ioFailure, "can't read \(path): errno \(errno)") }
            let flaw = block.withUnsafeBytes { Self.flaw(in: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            switch flaw {
            case .torn(let offset): return .torn(at: start + offset)
            case .damaged(let offset): return .damaged(at: start + offset)
            case nil: break
            }
            if count < blockByteCount { return nil }
            start += count
        }
    }

    /// - Parameter block: shorter than the others at the end of the file.
    static func flaw(in block: UnsafeRawBufferPointer) -> Flaw? {
        var offset = 0
        while block.count - offset >= headerByteCount {
            let record = UnsafeRawBufferPointer(rebasing: block[offset...])
            // Room that was taken and never written; RocksDB ends there, too.
            if record.prefix(headerByteCount).allSatisfy({ $0 == 0 }) { return .torn(at: offset) }
            guard isIntact(record) else {
                let isCut = block.count < blockByteCount && byteCount(record) > record.count
                return isCut && !hasFlippedBit(record) ? .torn(at: offset) : .damaged(at: offset)
            }
            offset += byteCount(record)
        }
        let isWhole = block.count == blockByteCount || offset == block.count
        return isWhole ? nil : .torn(at: offset)
    }

    /// Whether another length, or another type, would be right.
    private static func hasFlippedBit(_ record: UnsafeRawBufferPointer) -> Bool {
        var bytes = [UInt8](record)
        return (32..<56).contains { bit in
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
            return bytes.withUnsafeBytes { isIntact($0) }
        }
    }

    private static func isIntact(_ record: UnsafeRawBufferPointer) -> Bool {
        let end = byteCount(record)
        guard end <= record.count else { return false }
        let crc = CRC32C.hash(UnsafeRawBufferPointer(rebasing: record[6..<end]))
        let masked = (crc >> 15 | crc << 17) &+ 0xa282_ead8
        return masked == record.loadUnaligned(as: UInt32.self)
    }

    /// Types 5 to 8 are those of logs that are used again.
    private static func byteCount(_ record: UnsafeRawBufferPointer) -> Int {
        headerByteCount + (5...8 ~= record[6] ? 4 : 0) + Int(record.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    }
}
