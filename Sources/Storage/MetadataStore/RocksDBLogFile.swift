// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A log of RocksDB, or its list of files (`MANIFEST`), which has the same format: records in blocks of 32 KiB. Less than 7 bytes at the end of a
/// block are zero.
///
/// RocksDB takes a record that does not fit in the file for one that a loss of power has cut short, and goes on without it and what
/// follows. A flipped bit in a length or a type looks the same, but for the checksum, which is right for the right ones.
///
/// A loss of power may also lose some sectors of what was being written and keep others behind them. They read as zeros, for the file ended
/// before them. No batch begins behind them, since one is written when the one before it is durable.
///
/// What looks like a batch may be a part of a value, as users store logs, too. Changes are numbered on from batch to batch, and each takes
/// more than a byte: that tells, unless somebody means to be taken for one.
enum RocksDBLogFile {
    enum Flaw: Equatable, CustomStringConvertible {
        /// The file ends inside a record.
        case torn(at: Int)
        /// Sectors of the last batch were lost. RocksDB calls most of these corruption.
        case lost(at: Int)
        /// The record's bytes are others than were written.
        case damaged(at: Int)

        var description: String {
            switch self {
            case .torn(let offset): "it ends inside the record at byte \(offset)"
            case .lost(let offset): "sectors of the record at byte \(offset) are zeros"
            case .damaged(let offset): "at byte \(offset)"
            }
        }
    }

    private static let sectorByteCount = 512

    /// The first flaw; nil when there is none, or no file. Blocks.
    ///
    /// - Parameters:
    ///   - byteCount: as much as there is, when nil.
    ///   - isList: of files, the records of which have no numbers.
    static func flaw(in path: String, byteCount: Int? = nil, isList: Bool = false) throws(MetadataError) -> Flaw? {
        guard let blocks = try RocksDBLogBlocks(path, byteCount: byteCount) else { return nil }
        var number: UInt64?
        while try blocks.next() {
            guard let offset = firstFlaw(in: blocks.bytes, &number) else { continue }
            let (start, count) = (blocks.start + offset, blocks.bytes.count - offset)
            guard count >= RocksDBLogRecord.headerByteCount else { return .torn(at: start) }
            let record = RocksDBLogRecord(bytes: UnsafeRawBufferPointer(rebasing: blocks.bytes[offset...]))
            let isCut = blocks.bytes.count < RocksDBLogBlocks.byteCount && record.byteCount > count
            let (isUnwritten, isFlipped) = (record.isUnwritten, record.hasFlippedBit)
            let hasLostSectors = hasLostSectors(blocks.bytes, from: offset)
            let behind = try rest(of: blocks, from: offset + 1, number: isList ? nil : number)
            if isFlipped || behind.beginsBatch { return .damaged(at: start) }
            // Within a batch a block of zeros is no end to RocksDB, and one begins with each block but the first.
            let mayGoOn = start > 0 && start.isMultiple(of: RocksDBLogBlocks.byteCount)
            if isCut || isUnwritten && behind.isEmpty && !mayGoOn { return .torn(at: start) }
            return hasLostSectors ? .lost(at: start) : .damaged(at: start)
        }
        return nil
    }

    /// Whether there is a batch of changes in the log. Blocks.
    static func holdsBatch(_ path: String) throws(MetadataError) -> Bool {
        guard let blocks = try RocksDBLogBlocks(path), try blocks.next() else { return false }
        return try rest(of: blocks, from: 0, number: nil).beginsBatch
    }

    /// Where the first record is that is not as it was written.
    ///
    /// - Parameter number: of the next change, as far as it can be told.
    private static func firstFlaw(in block: UnsafeRawBufferPointer, _ number: inout UInt64?) -> Int? {
        var offset = 0
        while block.count - offset >= RocksDBLogRecord.headerByteCount {
            let record = RocksDBLogRecord(bytes: UnsafeRawBufferPointer(rebasing: block[offset...]))
            guard record.isIntact else { return offset }
            number = record.nextNumber(number)
            offset += record.byteCount
        }
        return block.count < RocksDBLogBlocks.byteCount && offset < block.count ? offset : nil
    }

    /// Whether there are only zeros in what one of the sectors from `offset` on has of the record.
    private static func hasLostSectors(_ block: UnsafeRawBufferPointer, from offset: Int) -> Bool {
        let first = offset / sectorByteCount * sectorByteCount
        return stride(from: first, to: block.count, by: sectorByteCount).contains { start in
            block[max(start, offset)..<min(start + sectorByteCount, block.count)].allSatisfy { $0 == 0 }
        }
    }

    /// What there is from `offset` of the current block on: anything but zeros, and a batch. That may begin at any byte, for the length
    /// of the record before it can be wrong.
    ///
    /// - Parameter number: of the change that would come next at `offset`; nil when that is not known.
    private static func rest(
        of blocks: RocksDBLogBlocks,
        from offset: Int,
        number: UInt64?
    ) throws(MetadataError) -> (isEmpty: Bool, beginsBatch: Bool) {
        var (isEmpty, first) = (true, offset)
        let start = blocks.start + offset
        repeat {
            let bytes = blocks.bytes
            isEmpty = isEmpty && bytes[first...].allSatisfy { $0 == 0 }
            let end = max(first, bytes.count - RocksDBLogRecord.headerByteCount + 1)
            let beginsBatch = (first..<end).contains { offset in
                let lostCountMax = UInt64(blocks.start + offset - start)
                let numbers = number.map { $0...max($0, $0 &+ lostCountMax) }
                return RocksDBLogRecord(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset...])).beginsBatch(
                    in: numbers
                )
            }
            if beginsBatch { return (isEmpty, true) }
            first = 0
        } while try blocks.next()
        return (isEmpty, false)
    }
}

/// Reads a log from front to back, a block at a time, as it was at the beginning: to a record that was being written then, what is
/// appended meanwhile would look like a batch behind damage.
final class RocksDBLogBlocks {
    static let byteCount = 32 << 10

    private let path: String
    private let descriptor: Int32
    private let end: Int
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
    /// Where the current block begins in the file.
    private(set) var start = 0
    /// Of the current block, fewer than others have at the end of the file; valid until the next one.
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var nextStart = 0

    /// Nil when there is no such file.
    init?(_ path: String, byteCount: Int? = nil) throws(MetadataError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var information = stat()
        if descriptor >= 0, fstat(descriptor, &information) == 0 {
            end = byteCount ?? Int(information.st_size)
            return
        }
        end = 0
        if descriptor < 0, errno == ENOENT { return nil }
        throw MetadataError(.ioFailure, "can't open \(path): errno \(errno)")
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        memory.deallocate()
    }

    /// False at the end. Blocks.
    func next() throws(MetadataError) -> Bool {
        start = nextStart
        let count = pread(descriptor, memory.baseAddress, min(Self.byteCount, end - start), off_t(start))
        guard count >= 0 else { throw MetadataError(.ioFailure, "can't read \(path): errno \(errno)") }
        bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
        nextStart = start + count
        return count > 0
    }
}
