// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

extension EngineParts {
    /// All chunks that the index places in a settled pack, in the order of their offsets. Blocks.
    ///
    /// The pack's own frame headers say where to look, at one reading of the pack and a look-up per frame however large the store is. When
    /// what they lead to is not all that the pack's record counts, the whole index is read instead: no live frame is ever
    /// missed. (In a settled pack frames only die, and the index knows of it before the record: the scan can't find as many
    /// as the record counted before, unless it finds all.)
    ///
    /// - Returns: also whether the chunks are exactly those that the record counted. If not, others died meanwhile, or the index
    ///   has a record that can't be read.
    func liveChunks(in id: UInt32) throws(StoreError) -> (chunks: [IndexedChunk], isExact: Bool) {
        guard let record = packs.record(id) else { return ([], false) }
        var found: [IndexedChunk] = []
        var next = FrameScan.start
        while let start = next { next = try scanFrames(of: id, from: start, until: record.committedEnd, &found) }
        return try completed(found, of: id, record)
    }

    /// The same on a worker, a reading of about a mebibyte at a time.
    func liveChunks(
        in id: UInt32,
        on work: WorkerPool.Work = .waiting,
        _ pace: BytePace
    ) async throws(StoreError) -> (chunks: [IndexedChunk], isExact: Bool) {
        guard let record = packs.record(id) else { return ([], false) }
        var found: [IndexedChunk] = []
        var next = FrameScan.start
        while let start = next {
            let slice = try await workers.run(work) { () throws(StoreError) in
                var chunks: [IndexedChunk] = []
                let next = try self.scanFrames(of: id, from: start, until: record.committedEnd, &chunks)
                return (chunks: chunks, next: next)
            }
            found += slice.chunks
            next = slice.next
            await pace.rest(after: FrameScan.byteCountPerReading)
        }
        let chunks = found
        return try await workers.run(work) { () throws(StoreError) in try self.completed(chunks, of: id, record) }
    }

    private func completed(
        _ found: [IndexedChunk],
        of id: UInt32,
        _ record: PackRecord
    ) throws(StoreError) -> (chunks: [IndexedChunk], isExact: Bool) {
        if record.counts(found) { return (found, true) }
        // A snapshot pushes nothing out of the cache.
        let snapshot = try StorageCall.metadata { () throws(MetadataError) in try metadata.snapshot() }
        var all = try ChunksByPack(snapshot, packs: [id])
        let chunks = all.take(id)
        return (chunks, record.counts(chunks))
    }

    /// Adds what one reading shows, and returns where the next begins; nil at the end.
    private func scanFrames(
        of id: UInt32,
        from start: UInt64,
        until end: UInt64,
        _ found: inout [IndexedChunk]
    ) throws(StoreError) -> UInt64? {
        // What can't be read is found in the index.
        guard let file = try? packFiles.file(id) else { return nil }
        var scan = FrameScan(file, from: start, end: end)
        while scan.offset < start + FrameScan.byteCountPerReading {
            guard let (offset, header) = try? scan.next() else { return nil }
            guard let record = try metadata.chunkRecord(header.digest), record.pack == id, record.offset == offset
            else {
                continue
            }
            let distance = header.encoding == .grouped ? header.groupDistance : nil
            found.append(IndexedChunk(digest: header.digest, record: record, groupDistance: distance))
        }
        return scan.offset
    }
}

extension PackRecord {
    fileprivate func counts(_ chunks: [IndexedChunk]) -> Bool {
        UInt64(chunks.count) == liveFrameCount && chunks.reduce(0) { $0 + $1.record.frameByteCount } == liveByteCount
    }
}

/// Walks over the frames of a pack by their headers.
///
/// Frames follow each other, or begin at a page. Where no header is, garbage is passed over page by page, so what comes after
/// an upload that failed in mid-write may be missed up to the next page, and bytes that look like a header may be taken for
/// one: what is found has to be compared with the index.
struct FrameScan {
    /// Of a whole pack.
    static let start: UInt64? = UInt64(PackFormat.headerByteCount)
    /// The headers that begin in so many bytes come with one reading of a `PackWindow`.
    static let byteCountPerReading: UInt64 = 1 << 20
    /// Per second, beside other work: a sync of the log takes several requests to the drive one after the other, and each waits for the
    /// readings that are before it.
    static let byteRateMax: UInt64 = 256 << 20

    private let file: any File
    private let end: UInt64
    /// Where the next header is looked for.
    private(set) var offset: UInt64
    private let window = PackWindow()

    /// - Parameter start: where a frame may begin.
    init(_ file: any File, from start: UInt64, end: UInt64) {
        self.file = file
        self.end = end
        offset = start
    }

    mutating func next() throws(StoreError) -> (offset: UInt64, header: FrameHeader)? {
        while offset + UInt64(PackFormat.frameHeaderByteCount) < end {
            let start = offset
            let bytes = try window.bytes(PackFormat.frameHeaderByteCount, at: start, of: file)
            if let header = try? FrameHeader(decoding: bytes), start + header.frameByteCount <= end {
                offset = start + header.frameByteCount
                return (start, header)
            }
            offset = PackRun.pageEnd(start + 1)
        }
        return nil
    }
}
