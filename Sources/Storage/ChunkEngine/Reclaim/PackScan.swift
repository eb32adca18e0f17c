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
        let found = try scanFrames(of: id, until: record.committedEnd)
        if record.counts(found) { return (found, true) }
        // A snapshot pushes nothing out of the cache.
        let snapshot = try StorageCall.metadata { () throws(MetadataError) in try metadata.snapshot() }
        var all = try ChunksByPack(snapshot, packs: [id])
        let chunks = all.take(id)
        return (chunks, record.counts(chunks))
    }

    private func scanFrames(of id: UInt32, until end: UInt64) throws(StoreError) -> [IndexedChunk] {
        var found: [IndexedChunk] = []
        // What can't be read is found in the index.
        guard let file = try? packFiles.file(id) else { return [] }
        var scan = FrameScan(file, end: end)
        while let (offset, header) = try? scan.next() {
            guard let record = try metadata.chunkRecord(header.digest), record.pack == id, record.offset == offset
            else {
                continue
            }
            let distance = header.encoding == .grouped ? header.groupDistance : nil
            found.append(IndexedChunk(digest: header.digest, record: record, groupDistance: distance))
        }
        return found
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
    private let file: any File
    private let end: UInt64
    private var offset = UInt64(PackFormat.headerByteCount)
    private let window = PackWindow()

    init(_ file: any File, end: UInt64) {
        self.file = file
        self.end = end
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
