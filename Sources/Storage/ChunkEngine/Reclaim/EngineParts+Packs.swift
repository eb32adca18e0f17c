// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import StorageTypes

/// A chunk as it was in the index, and the frame that was written to take its place.
struct MovedFrame: Sendable {
    let chunk: IndexedChunk
    let header: FrameHeader
}

/// The steps of a collection that touch pack files. All block.
extension EngineParts {
    struct FrameCopy: Sendable {
        /// In the order of their new frames, which lie one behind the other from `target` on.
        var intact: [MovedFrame] = []
        var damaged: [IndexedChunk] = []
        /// The device could not read some of the damaged ones.
        var isPartlyUnreadable = false
        var target: (pack: WritablePack, offset: UInt64)?
    }

    /// Copies what verifies to the current pack of the same kind, which may use the room that is kept back for this.
    ///
    /// - Parameter level: frames of groups can't be copied without what is dead of the group, so they are made anew.
    func moveFrames(_ chunks: [IndexedChunk], outOf id: UInt32, level: Int32) throws(StoreError) -> FrameCopy {
        if chunks.contains(where: { $0.record.encoding == .grouped }) {
            return try recompressFrames(chunks, outOf: id, level: level, .reclaiming)
        }
        let kind = packs.record(id)?.kind ?? .fresh
        let window = PackWindow()
        return try writeAnew(chunks, outOf: id, to: kind, .reclaiming) { chunk, file, run throws(StoreError) in
            guard let (header, bytes) = try FrameCheck.load(chunk, from: file, through: window) else { return nil }
            run.room(bytes.count).copyMemory(from: bytes)
            run.take(bytes.count)
            return header
        }
    }

    /// A frame that can't be read stays where it is, as a damaged one does, and keeps its chunk: the device may be able to later.
    ///
    /// - Parameter append: adds the new frame of a chunk to the run and returns its header; nil for a damaged one.
    func writeAnew(
        _ chunks: [IndexedChunk],
        outOf id: UInt32,
        to kind: PackKind,
        _ purpose: SpaceGuard.Purpose,
        _ append: (IndexedChunk, any File, PackRun) throws(StoreError) -> FrameHeader?
    ) throws(StoreError) -> FrameCopy {
        let file = try file(ofPack: id)
        let run = runs.take()
        defer { runs.giveBack(run) }
        var copy = FrameCopy()
        for chunk in chunks {
            do throws(StoreError) {
                if let header = try append(chunk, file, run) {
                    copy.intact.append(MovedFrame(chunk: chunk, header: header))
                    continue
                }
            } catch {
                guard error.code == .ioFailure else { throw error }
                copy.isPartlyUnreadable = true
            }
            copy.damaged.append(chunk)
        }
        if !run.isEmpty { copy.target = try packs.append(run, to: kind, purpose) }
        return copy
    }

    /// - Throws: `ioFailure` when it is missing, too.
    func file(ofPack id: UInt32) throws(StoreError) -> any File {
        guard let file = try packFiles.file(id) else {
            throw StoreError(.ioFailure, diagnosis: "\(PackFormat.fileName(id)) is missing")
        }
        return file
    }

    /// Removes the file of a pack whose record is gone: should the power go before, the next start removes it.
    func removePackFile(_ id: UInt32) throws(StoreError) {
        packFiles.forget(id)
        treatedPacks.forget(id)
        do throws(FileSystemError) {
            try fileSystem.remove(packs.layout.pack(id))
        } catch {
            guard error.code == .notFound else { throw StoreError(error) }
        }
    }

    /// Cuts a pack off whose record is gone, which the next start then removes as well.
    func shortenPackFile(_ id: UInt32, to byteCount: UInt64) throws(StoreError) {
        packFiles.forget(id)
        do throws(FileSystemError) {
            try fileSystem.open(packs.layout.pack(id), .readWrite).truncate(to: byteCount)
        } catch {
            guard error.code == .notFound else { throw StoreError(error) }
        }
    }

    /// The whole pages that reading no live chunk touches, those of earlier holes included, in pieces that `makeHoles` takes.
    ///
    /// - Parameters:
    ///   - live: all of them, in the order of their offsets.
    ///   - id: a settled pack. What is dead there stays dead, so nothing needs to be in order with anything else.
    /// - Throws: the refusal of writes, if any: what looks dead may be what a commit that failed has added after all.
    func holes(
        beside live: [IndexedChunk],
        in id: UInt32,
        byteCountMax: UInt64
    ) throws(StoreError) -> [Range<UInt64>] {
        try health.check()
        guard let record = packs.record(id) else { return [] }
        return try holes(beside: live, in: try file(ofPack: id), until: record.committedEnd).flatMap { hole in
            stride(from: hole.lowerBound, to: hole.upperBound, by: Int(byteCountMax)).map { start in
                start..<min(start + byteCountMax, hole.upperBound)
            }
        }
    }

    /// Gives pages back that `holes` has named. False where the file system can't.
    func makeHoles(_ holes: ArraySlice<Range<UInt64>>, in id: UInt32) throws(StoreError) -> Bool {
        try health.check()
        do throws(FileSystemError) {
            let file = try fileSystem.open(packs.layout.pack(id), .readWrite)
            for hole in holes { try file.deallocate(hole) }
        } catch {
            guard error.code == .unsupported else { throw StoreError(error) }
            return false
        }
        return true
    }

    /// The pages that reading none of the chunks touches.
    ///
    /// - Parameters:
    ///   - live: in the order of their offsets.
    ///   - end: the last committed one of the pack.
    func holes(
        beside live: [IndexedChunk],
        in file: any File,
        until end: UInt64
    ) throws(StoreError) -> [Range<UInt64>] {
        var holes: [Range<UInt64>] = []
        var start = UInt64(PackFormat.headerByteCount)
        let window = PackWindow()
        for chunk in live {
            holes.append(holeUnits(start, try Self.neededStart(of: chunk, file, window) ?? start))
            start = chunk.record.frameRange.upperBound
        }
        holes.append(holeUnits(start, end))
        return holes.filter { !$0.isEmpty }
    }

    /// Where the bytes begin that reading the chunk takes: the dead frames before it in its group are some of them. Nil when
    /// that can't be told.
    private static func neededStart(
        of chunk: IndexedChunk,
        _ file: any File,
        _ window: PackWindow
    ) throws(StoreError) -> UInt64? {
        let frame = chunk.record
        guard frame.encoding == .grouped else { return frame.offset }
        var distance = chunk.groupDistance
        if distance == nil { distance = try groupDistance(at: frame.offset, file, window) }
        guard let distance, distance <= frame.offset else { return nil }
        return frame.offset - UInt64(distance)
    }

    private static func groupDistance(
        at offset: UInt64,
        _ file: any File,
        _ window: PackWindow
    ) throws(StoreError) -> UInt32? {
        // On a bad sector as little is known as of a damaged one.
        let bytes = try FrameCheck.unlessUnreadable { () throws(StoreError) in
            try window.bytes(PackFormat.frameHeaderByteCount, at: offset, of: file)
        }
        guard let bytes, let header = try? FrameHeader(decoding: bytes), header.encoding == .grouped else { return nil }
        return header.groupDistance
    }

    private func holeUnits(_ start: UInt64, _ end: UInt64) -> Range<UInt64> {
        let unit = configuration.holeUnitByteCount
        let first = start.roundedUp(toMultipleOf: unit)
        return first..<max(first, end.roundedDown(toMultipleOf: unit))
    }
}
