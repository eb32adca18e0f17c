// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTypes

/// Reads frames, verifies them, and hands out their plain bytes.
struct FrameReader {
    let engine: EngineParts

    /// The plain bytes of a run, a piece per chunk, cut to `range` of the content. Ends before a frame that is not the chunk or
    /// not intact. Plain payloads are slices of what was read.
    func read(_ run: FrameRun, _ range: Range<UInt64>, _ access: ReadAccess) throws(ReadFailure) -> [ByteBuffer] {
        guard let frames = try load(run, access) else { return [] }
        var pieces: [ByteBuffer] = []
        pieces.reserveCapacity(run.items.count)
        var position = 0
        for item in run.items {
            let byteCount = PackFormat.frameHeaderByteCount + Int(item.entry.encodedByteCount)
            guard let frame = frames.getSlice(at: position, length: byteCount), let plain = verify(frame, item.entry)
            else {
                break
            }
            pieces.append(Self.cut(plain, item, range))
            position += byteCount
        }
        return pieces
    }

    /// The entry with the place that the index has.
    func current(_ entry: RecipeEntry, _ access: ReadAccess) throws(ReadFailure) -> RecipeEntry {
        let name = "chunk \(entry.digest.hex)"
        let bytes = try engine.required(.chunks, EngineKeys.chunk(entry.digest), access, name)
        let record = try reading { () throws(StoreError) in
            try StorageCall.decoding(name) { () throws(DecodeError) in try ChunkRecord(decoding: bytes) }
        }
        return RecipeEntry(
            digest: entry.digest,
            plainByteCount: entry.plainByteCount,
            encodedByteCount: record.encodedByteCount,
            pack: record.pack,
            offset: UInt32(clamping: record.offset)
        )
    }

    /// The first chunk of a run that `read` does not get: it is on its way to another place, or damaged.
    ///
    /// - Parameter run: places of the index.
    /// - Throws: `corrupted`, and then the frame is in quarantine.
    func readFirst(_ run: FrameRun, _ range: Range<UInt64>, _ access: ReadAccess) throws(ReadFailure) -> ByteBuffer {
        if access == .cachedOnly { throw .wouldBlock }
        var item = run.items[0]
        while true {
            let alone = FrameRun(first: item.entry, at: item.plainStart)
            if let piece = try read(alone, range, access).first { return piece }
            let current = try current(item.entry, access)
            guard current == item.entry else {
                item = FrameRun.Item(entry: current, plainStart: item.plainStart)
                continue
            }
            let (pack, offset) = (current.pack, UInt64(current.offset))
            engine.quarantine.add(pack: pack, offset: offset, current.digest, "the frame does not verify")
            let place = "pack \(PackFormat.fileName(pack)) offset \(offset)"
            throw .store(StoreError(.corrupted, diagnosis: "\(place): chunk \(current.digest.hex) is damaged"))
        }
    }

    /// The bytes of the whole run; nil when the pack is gone or ends before.
    private func load(_ run: FrameRun, _ access: ReadAccess) throws(ReadFailure) -> ByteBuffer? {
        switch access {
        case .blocking:
            return try reading { () throws(StoreError) in
                guard let file = try engine.packFiles.file(run.pack) else { return nil }
                return try StorageCall.files { () throws(FileSystemError) in
                    try buffer(run) { bytes throws(FileSystemError) in
                        try file.read(into: bytes, at: run.offset) == bytes.count
                    }
                }
            }
        case .cachedOnly:
            guard let file = engine.packFiles.openFile(run.pack) else {
                if engine.packs.record(run.pack) == nil { return nil }
                throw .wouldBlock
            }
            let buffer = try? buffer(run) { bytes throws(FileSystemError) in
                try file.readIfCached(into: bytes, at: run.offset)
            }
            guard let buffer else { throw .wouldBlock }
            return buffer
        }
    }

    /// What `read` puts into memory for the run; nil when it says false.
    private func buffer(
        _ run: FrameRun,
        _ read: (UnsafeMutableRawBufferPointer) throws(FileSystemError) -> Bool
    ) throws(FileSystemError) -> ByteBuffer? {
        var buffer = engine.readBuffers.take(run.byteCount)
        defer { engine.readBuffers.keep(buffer, run.byteCount) }
        var failure: FileSystemError?
        let isComplete = buffer.fill(run.byteCount) { bytes in
            do throws(FileSystemError) {
                return try read(bytes)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
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

    /// What `range` has of a chunk, never nothing.
    private static func cut(_ plain: ByteBuffer, _ item: FrameRun.Item, _ range: Range<UInt64>) -> ByteBuffer {
        let end = item.plainStart + UInt64(plain.readableBytes)
        let wanted = range.clamped(to: item.plainStart..<end)
        var piece = plain
        piece.moveReaderIndex(forwardBy: Int(wanted.lowerBound - item.plainStart))
        return piece.readSlice(length: wanted.count) ?? ByteBuffer()
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
