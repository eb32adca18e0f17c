// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTypes

/// Reads frames, verifies them, and hands out their plain bytes.
struct FrameReader {
    let engine: EngineParts

    /// The plain bytes of a run, a piece per chunk, cut to `range` of the content. Ends before a frame that is not the chunk or
    /// not intact, and behind a group that the run began within. Plain payloads are slices of what was read.
    func read(_ run: FrameRun, _ range: Range<UInt64>, _ access: ReadAccess) throws(ReadFailure) -> [ByteBuffer] {
        if access == .cachedPlain, !run.isPlain { throw .wouldBlock }
        guard var rest = try load(run.pack, run.offset, run.byteCount, access) else { return [] }
        var pieces: [ByteBuffer] = []
        pieces.reserveCapacity(run.items.count)
        while pieces.count < run.items.count {
            let items = run.items[pieces.count...]
            guard let entry = items.first?.entry,
                let header = rest.withUnsafeReadableBytes({ FrameHeader(verifying: $0) }), header.isOf(entry)
            else { break }
            let plains = try plainBytes(of: items, header, rest, run, access)
            if plains.isEmpty { break }
            for (item, plain) in zip(items, plains) {
                pieces.append(Self.cut(plain, item, range))
                rest.moveReaderIndex(forwardBy: item.frameByteCount)
            }
            // So that the next run begins with a group, and nothing of it is decompressed twice.
            if header.groupDistance > 0 { break }
        }
        return pieces
    }

    /// None when the device can't read some of the run: the chunk may be elsewhere by now, or another one's sector be bad.
    func readUnlessUnreadable(
        _ run: FrameRun,
        _ range: Range<UInt64>,
        _ access: ReadAccess
    ) throws(ReadFailure) -> [ByteBuffer] {
        do throws(ReadFailure) {
            return try read(run, range, access)
        } catch {
            guard case .store(let cause) = error, cause.code == .ioFailure else { throw error }
            return []
        }
    }

    /// Of the first item or, when it is one of a group, of the first few; none when they can't be had.
    ///
    /// - Parameters:
    ///   - header: of the first item's frame, which is intact.
    ///   - frames: of the items, one behind the other.
    private func plainBytes(
        of items: ArraySlice<FrameRun.Item>,
        _ header: FrameHeader,
        _ frames: ByteBuffer,
        _ run: FrameRun,
        _ access: ReadAccess
    ) throws(ReadFailure) -> [ByteBuffer] {
        let start = frames.readerIndex + PackFormat.frameHeaderByteCount
        guard let payload = frames.getSlice(at: start, length: Int(header.encodedByteCount)) else { return [] }
        switch header.encoding {
        case .plain:
            return [payload]
        case .zstd:
            var plain = ByteBufferAllocator().buffer(capacity: Int(header.plainByteCount))
            let isDecoded = plain.fill(Int(header.plainByteCount)) { output in
                payload.withUnsafeReadableBytes { engine.decompressors.decompress($0, into: output) }
            }
            return isDecoded ? [plain] : []
        case .grouped:
            // Up to a megabyte is decompressed for it: nothing for an event loop.
            if access != .blocking { throw .wouldBlock }
            let distance = Int(header.groupDistance)
            let offset = run.offset + UInt64(run.byteCount - frames.readableBytes)
            guard offset >= UInt64(distance) else { return [] }
            if run.plainByteCount <= Self.littleByteCountMax {
                return try little(of: items, frames, at: distance, ofGroup: (run.pack, offset - UInt64(distance)))
            }
            let earlier = distance == 0 ? ByteBuffer() : try load(run.pack, offset - UInt64(distance), distance, access)
            return earlier.map { decodeGroup($0, frames, items) } ?? []
        }
    }

    /// The plain bytes of the first items, which are of one group; none when a frame before them is not intact.
    private func decodeGroup(
        _ earlier: ByteBuffer,
        _ frames: ByteBuffer,
        _ items: ArraySlice<FrameRun.Item>
    ) -> [ByteBuffer] {
        guard let decompressor = engine.decompressors.take() else { return [] }
        defer { engine.decompressors.giveBack(decompressor) }
        let byteCount = PackFormat.groupPlainByteCountMax
        var plain = engine.readBuffers.take(byteCount)
        defer { engine.readBuffers.keep(plain, byteCount) }
        var members: [(header: FrameHeader, plain: Range<Int>)] = []
        plain.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { output in
            let room = UnsafeMutableRawBufferPointer(rebasing: output[..<byteCount])
            var decoder = GroupDecoder(decompressor, into: room)
            _ = earlier.withUnsafeReadableBytes { decoder.append($0) }
            members = frames.withUnsafeReadableBytes { decoder.append($0) }
            return decoder.plainByteCount
        }
        let own = zip(members, items).prefix { $0.header.isOf($1.entry) }
        let pieces = own.compactMap { plain.getSlice(at: $0.0.plain.lowerBound, length: $0.0.plain.count) }
        // A few small ones would keep a megabyte for as long as the client takes them.
        let ownByteCount = pieces.reduce(0) { $0 + $1.readableBytes }
        return ownByteCount > Self.littleByteCountMax ? pieces : pieces.map { ByteBuffer(buffer: $0) }
    }

    /// Of a group. Who reads more has most of it in one go, and pieces that need no copy.
    private static let littleByteCountMax = PackFormat.groupPlainByteCountMax / 4

    /// The plain bytes of the first items by way of the groups that were just read.
    ///
    /// - Parameter distance: of the first item's frame from that of its group.
    private func little(
        of items: ArraySlice<FrameRun.Item>,
        _ frames: ByteBuffer,
        at distance: Int,
        ofGroup place: (pack: UInt32, offset: UInt64)
    ) throws(ReadFailure) -> [ByteBuffer] {
        guard let group = engine.recentGroups.take(place.pack, place.offset) else { return [] }
        defer { engine.recentGroups.giveBack(group) }
        let start = group.byteCount
        if start < distance {
            let earlier = try load(place.pack, place.offset + UInt64(start), distance - start, .blocking)
            earlier?.withUnsafeReadableBytes { group.append($0) }
        }
        if group.byteCount >= distance {
            let known = group.byteCount - distance
            frames.withUnsafeReadableBytes { group.append(UnsafeRawBufferPointer(rebasing: $0.dropFirst(known))) }
        }
        return zip(group.members(from: distance), items).prefix { $0.header.isOf($1.entry) }.map { member, _ in
            ByteBuffer(bytes: member.plain)
        }
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
    /// - Throws: `corrupted`, or `ioFailure` when the device can't read it, and then the frame is in quarantine.
    func readFirst(_ run: FrameRun, _ range: Range<UInt64>, _ access: ReadAccess) throws(ReadFailure) -> ByteBuffer {
        if access != .blocking { throw .wouldBlock }
        var item = run.items[0]
        while true {
            let alone = FrameRun(first: item.entry, at: item.plainStart)
            var unreadable: StoreError?
            do throws(ReadFailure) {
                if let piece = try read(alone, range, access).first { return piece }
            } catch {
                guard case .store(let cause) = error, cause.code == .ioFailure else { throw error }
                unreadable = cause
            }
            let current = try current(item.entry, access)
            guard current == item.entry else {
                item = FrameRun.Item(entry: current, plainStart: item.plainStart)
                continue
            }
            throw .store(quarantine(current, unreadable))
        }
    }

    /// Why the chunk can't be had.
    private func quarantine(_ entry: RecipeEntry, _ unreadable: StoreError?) -> StoreError {
        let (pack, offset) = (entry.pack, UInt64(entry.offset))
        if let unreadable {
            // That a pack can't be opened says nothing of its frames: too many files may be open.
            if engine.packFiles.openFile(pack) != nil {
                engine.quarantine.add(pack: pack, offset: offset, entry.digest, "the device can't read the frame")
            }
            return unreadable
        }
        engine.quarantine.add(pack: pack, offset: offset, entry.digest, "the frame does not verify")
        let place = "pack \(PackFormat.fileName(pack)) offset \(offset)"
        return StoreError(.corrupted, diagnosis: "\(place): chunk \(entry.digest.hex) is damaged")
    }

    /// So many bytes of a pack; nil when it is gone or ends before.
    private func load(
        _ pack: UInt32,
        _ offset: UInt64,
        _ byteCount: Int,
        _ access: ReadAccess
    ) throws(ReadFailure) -> ByteBuffer? {
        switch access {
        case .blocking:
            return try reading { () throws(StoreError) in
                guard let file = try engine.packFiles.file(pack) else { return nil }
                return try StorageCall.files { () throws(FileSystemError) in
                    try buffer(byteCount) { bytes throws(FileSystemError) in
                        try file.read(into: bytes, at: offset) == bytes.count
                    }
                }
            }
        case .cachedOnly, .cachedPlain:
            guard let file = engine.packFiles.openFile(pack) else {
                if engine.packs.record(pack) == nil { return nil }
                throw .wouldBlock
            }
            let buffer = try? buffer(byteCount) { bytes throws(FileSystemError) in
                try file.readIfCached(into: bytes, at: offset)
            }
            guard let buffer else { throw .wouldBlock }
            return buffer
        }
    }

    /// What `read` puts into memory; nil when it says false.
    private func buffer(
        _ byteCount: Int,
        _ read: (UnsafeMutableRawBufferPointer) throws(FileSystemError) -> Bool
    ) throws(FileSystemError) -> ByteBuffer? {
        var buffer = engine.readBuffers.take(byteCount)
        defer { engine.readBuffers.keep(buffer, byteCount) }
        var failure: FileSystemError?
        let isComplete = buffer.fill(byteCount) { bytes in
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

    /// What `range` has of a chunk, never nothing.
    private static func cut(_ plain: ByteBuffer, _ item: FrameRun.Item, _ range: Range<UInt64>) -> ByteBuffer {
        let end = item.plainStart + UInt64(plain.readableBytes)
        let wanted = range.clamped(to: item.plainStart..<end)
        var piece = plain
        piece.moveReaderIndex(forwardBy: Int(wanted.lowerBound - item.plainStart))
        return piece.readSlice(length: wanted.count) ?? ByteBuffer()
    }
}

extension FrameHeader {
    fileprivate func isOf(_ entry: RecipeEntry) -> Bool {
        digest == entry.digest && plainByteCount == entry.plainByteCount && encodedByteCount == entry.encodedByteCount
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
