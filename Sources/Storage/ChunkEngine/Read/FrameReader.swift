// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import NIOCore
import StorageTypes

/// Reads frames, verifies them, and hands out their plain bytes.
struct FrameReader {
    let engine: EngineParts

    /// The plain bytes of a run, a piece per chunk, cut to `range` of the content. Plain payloads are slices of what was read.
    func read(_ run: FrameRun, _ range: Range<UInt64>, _ access: ReadAccess) throws(ReadFailure) -> [ByteBuffer] {
        let frames = try load(run, access)
        var pieces: [ByteBuffer] = []
        pieces.reserveCapacity(run.items.count)
        var position = 0
        for item in run.items {
            let byteCount = PackFormat.frameHeaderByteCount + Int(item.entry.encodedByteCount)
            var plain: ByteBuffer?
            if let frame = frames?.getSlice(at: position, length: byteCount) { plain = verify(frame, item.entry) }
            if plain == nil {
                // The hint is out of date, or the frame is damaged: the index decides which.
                if access == .cachedOnly { throw .wouldBlock }
                plain = try reading { () throws(StoreError) in try readByIndex(item.entry) }
            }
            if let piece = plain.flatMap({ Self.cut($0, item, range) }) { pieces.append(piece) }
            position += byteCount
        }
        return pieces
    }

    /// The bytes of the whole run; nil when the pack is gone or ends before.
    private func load(_ run: FrameRun, _ access: ReadAccess) throws(ReadFailure) -> ByteBuffer? {
        switch access {
        case .blocking:
            return try reading { () throws(StoreError) in
                guard let file = try engine.packFiles.file(run.pack) else { return nil }
                return try Self.load(file, at: run.offset, byteCount: run.byteCount)
            }
        case .cachedOnly:
            guard let file = engine.packFiles.openFile(run.pack) else { throw .wouldBlock }
            var buffer = ByteBufferAllocator().buffer(capacity: run.byteCount)
            let isComplete = buffer.fill(run.byteCount) { bytes in
                do throws(FileSystemError) {
                    return try file.readIfCached(into: bytes, at: run.offset)
                } catch {
                    return false
                }
            }
            guard isComplete else { throw .wouldBlock }
            return buffer
        }
    }

    static func load(_ file: any File, at offset: UInt64, byteCount: Int) throws(StoreError) -> ByteBuffer? {
        var buffer = ByteBufferAllocator().buffer(capacity: byteCount)
        var failure: FileSystemError?
        let isComplete = buffer.fill(byteCount) { bytes in
            do throws(FileSystemError) {
                return try file.read(into: bytes, at: offset) == byteCount
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw StoreError(failure) }
        return isComplete ? buffer : nil
    }

    /// The plain bytes of a frame; nil when it is not the chunk that was asked for, or not intact.
    private func verify(_ frame: ByteBuffer, _ entry: RecipeEntry) -> ByteBuffer? {
        let header = frame.withUnsafeReadableBytes { bytes -> FrameHeader? in
            guard let header = try? FrameHeader(decoding: bytes), header.digest == entry.digest,
                header.plainByteCount == entry.plainByteCount, header.encodedByteCount == entry.encodedByteCount,
                header.encodedByteCount == bytes.count - PackFormat.frameHeaderByteCount,
                header.xxh3 == XXH3.hash64(UnsafeRawBufferPointer(rebasing: bytes[PackFormat.frameHeaderByteCount...]))
            else { return nil }
            return header
        }
        guard let header else { return nil }
        return decode(frame, header)
    }

    /// The plain bytes of a frame whose header is verified.
    private func decode(_ frame: ByteBuffer, _ header: FrameHeader) -> ByteBuffer? {
        let start = frame.readerIndex + PackFormat.frameHeaderByteCount
        guard let payload = frame.getSlice(at: start, length: Int(header.encodedByteCount)) else { return nil }
        switch header.encoding {
        case .plain:
            return payload
        case .zstd:
            var plain = ByteBufferAllocator().buffer(capacity: Int(header.plainByteCount))
            let isDecoded = plain.fill(Int(header.plainByteCount)) { output in
                payload.withUnsafeReadableBytes { engine.decompressors.decompress($0, into: output) }
            }
            return isDecoded ? plain : nil
        }
    }

    /// Reads a chunk where the index says it is now.
    ///
    /// - Throws: `corrupted`, and then the frame is in quarantine.
    private func readByIndex(_ entry: RecipeEntry) throws(StoreError) -> ByteBuffer {
        var record = try indexRecord(entry)
        while true {
            if let plain = try read(entry, at: record) { return plain }
            // A collection may have moved the frame between the look-up and the read.
            let current = try indexRecord(entry)
            guard current.pack == record.pack, current.offset == record.offset else {
                record = current
                continue
            }
            let place = "pack \(PackFormat.fileName(record.pack)) offset \(record.offset)"
            engine.quarantine.add(pack: record.pack, offset: record.offset, entry.digest, "the frame does not verify")
            throw StoreError(.corrupted, diagnosis: "\(place): chunk \(entry.digest.hex) is damaged")
        }
    }

    private func indexRecord(_ entry: RecipeEntry) throws(StoreError) -> ChunkRecord {
        guard let record = try engine.chunkRecord(entry.digest) else {
            throw StoreError(.corrupted, diagnosis: "chunk \(entry.digest.hex) is not in the index")
        }
        return record
    }

    private func read(_ entry: RecipeEntry, at record: ChunkRecord) throws(StoreError) -> ByteBuffer? {
        let place = RecipeEntry(
            digest: entry.digest,
            plainByteCount: entry.plainByteCount,
            encodedByteCount: record.encodedByteCount,
            pack: record.pack,
            offset: UInt32(clamping: record.offset)
        )
        guard let file = try engine.packFiles.file(record.pack),
            let frame = try Self.load(file, at: record.offset, byteCount: Int(record.frameByteCount))
        else { return nil }
        return verify(frame, place)
    }

    private static func cut(_ plain: ByteBuffer, _ item: FrameRun.Item, _ range: Range<UInt64>) -> ByteBuffer? {
        let end = item.plainStart + UInt64(plain.readableBytes)
        let wanted = range.clamped(to: item.plainStart..<end)
        guard !wanted.isEmpty else { return nil }
        let offset = Int(wanted.lowerBound - item.plainStart)
        return plain.getSlice(at: plain.readerIndex + offset, length: wanted.count)
    }
}

extension ByteBuffer {
    /// Appends `byteCount` bytes that `body` writes in full; nothing when it returns false.
    mutating func fill(_ byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) -> Bool) -> Bool {
        writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { bytes in
            body(UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])) ? byteCount : 0
        } == byteCount
    }
}
