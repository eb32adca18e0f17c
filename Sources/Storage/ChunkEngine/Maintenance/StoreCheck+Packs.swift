// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

extension StoreCheck {
    /// Compares each pack's file and record with the chunks the index places in it.
    mutating func checkPacks() throws(StoreError) {
        try checkPlaces()
        let frames = try PlainFrames()
        var rest = packs.keys.sorted()[...]
        while !rest.isEmpty {
            var count: UInt64 = 0
            let round = rest.prefix { id in
                let own = packs[id]?.liveFrameCount ?? 0
                count += own
                return count <= entryCountMax || count == own
            }
            rest = rest.dropFirst(round.count)
            var chunks = try ChunksByPack(metadata, packs: Set(round))
            for id in round {
                guard let record = packs[id] else { continue }
                try checkPack(id, record, chunks.take(id), frames)
            }
        }
    }

    /// Decodes the whole index, and finds chunks in packs that have no record.
    private mutating func checkPlaces() throws(StoreError) {
        try metadata.forEach(.chunks, from: [], until: nil) { key, value in
            report.chunkCount += 1
            do throws(DecodeError) {
                guard key.count == 32 else { throw DecodeError(.invalidValue, at: 0) }
                let record = try ChunkRecord(decoding: value)
                if packs[record.pack] == nil {
                    report.add(.misplacedChunk(SHA256Digest(bytes: key), pack: record.pack, offset: record.offset))
                }
            } catch {
                addUnreadable("chunks", key, error)
            }
        }
    }

    private mutating func checkPack(
        _ id: UInt32,
        _ record: PackRecord,
        _ chunks: [IndexedChunk],
        _ frames: PlainFrames
    ) throws(StoreError) {
        checkSums(id, record, chunks)
        let file: any File
        let byteCount: UInt64
        do throws(FileSystemError) {
            file = try fileSystem.open(layout.pack(id), .readOnly)
            byteCount = try file.size()
        } catch {
            let count = UInt64(chunks.count)
            report.add(
                error.code == .notFound
                    ? .missingPackFile(pack: id, liveFrameCount: count)
                    : .unreadablePackFile(pack: id, reason: error.message, liveFrameCount: count)
            )
            return
        }
        if byteCount < record.committedEnd {
            report.add(.shortPack(pack: id, byteCount: byteCount, committedEnd: record.committedEnd))
        }
        if try !FrameCheck.hasPackHeader(file, of: id) { report.add(.badPackHeader(pack: id)) }
        guard depth >= .frames else { return }
        for chunk in chunks {
            if try isIntact(chunk, in: file, frames) {
                report.verifiedByteCount += chunk.record.frameByteCount
            } else {
                report.add(.damagedFrame(chunk.digest, pack: chunk.record.pack, offset: chunk.record.offset))
            }
        }
    }

    private mutating func checkSums(_ id: UInt32, _ record: PackRecord, _ chunks: [IndexedChunk]) {
        let byteCount = chunks.reduce(0) { $0 + $1.record.frameByteCount }
        if byteCount != record.liveByteCount || UInt64(chunks.count) != record.liveFrameCount {
            report.add(
                .packCount(
                    pack: id,
                    recordedByteCount: record.liveByteCount,
                    byteCount: byteCount,
                    recordedCount: record.liveFrameCount,
                    count: UInt64(chunks.count)
                )
            )
        }
        var end = UInt64(PackFormat.headerByteCount)
        var previous: IndexedChunk?
        for chunk in chunks {
            let chunkEnd = chunk.record.offset + chunk.record.frameByteCount
            if let previous, chunk.record.offset < end {
                report.add(.overlappingChunks(previous.digest, chunk.digest, pack: id))
            }
            if chunk.record.offset < UInt64(PackFormat.headerByteCount) || chunkEnd > record.committedEnd {
                report.add(.misplacedChunk(chunk.digest, pack: id, offset: chunk.record.offset))
            }
            end = max(end, chunkEnd)
            previous = chunk
        }
    }

    private func isIntact(
        _ chunk: IndexedChunk,
        in file: any File,
        _ frames: PlainFrames
    ) throws(StoreError) -> Bool {
        guard depth >= .contents else { return try frames.isIntact(chunk, in: file) }
        guard let bytes = try frames.bytes(of: chunk, in: file) else { return false }
        return SHA256.hash(bytes) == chunk.digest
    }
}
