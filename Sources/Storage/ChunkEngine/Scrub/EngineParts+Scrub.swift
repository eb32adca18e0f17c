// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

/// The steps of a scrub that read. All block.
extension EngineParts {
    /// How far the scrub is; nil before the first. One that can't be read says nothing more: the next pass starts over.
    func scrubRecord() throws(StoreError) -> (record: ScrubRecord?, isDamaged: Bool) {
        guard let bytes = try storedValue(.system, EngineKeys.scrub) else { return (nil, false) }
        let record = try? ScrubRecord(decoding: bytes)
        return (record, record == nil)
    }

    func hasIntactHeader(_ id: UInt32) throws(StoreError) -> Bool {
        try FrameCheck.unlessUnreadable { () throws(StoreError) in
            guard let file = try packFiles.file(id) else { return false }
            return try FrameCheck.hasPackHeader(file, of: id)
        } ?? false
    }

    /// Those whose frames do not verify where the index says they are, now.
    func damaged(of chunks: [IndexedChunk]) throws(StoreError) -> [IndexedChunk] {
        let frames = try PlainFrames()
        var damaged: [IndexedChunk] = []
        for chunk in chunks {
            if try isIntact(chunk, frames) { continue }
            // It may have been moved or deleted since it was listed; who moves it reads it, and verifies it, too.
            guard let record = try metadata.chunkRecord(chunk.digest), record.pack == chunk.record.pack,
                record.offset == chunk.record.offset
            else { continue }
            damaged.append(chunk)
        }
        return damaged
    }

    private func isIntact(_ chunk: IndexedChunk, _ frames: PlainFrames) throws(StoreError) -> Bool {
        try FrameCheck.unlessUnreadable { () throws(StoreError) in
            guard let file = try packFiles.file(chunk.record.pack) else { return false }
            return try frames.isIntact(chunk, in: file)
        } ?? false
    }

    struct InlineSlice: Sendable {
        var damaged: [UInt64] = []
        var count: UInt64 = 0
        var byteCount: UInt64 = 0
        /// Where the next slice begins; nil at the end.
        var next: UInt64?
    }

    func checkInline(from start: UInt64, byteCountMax: UInt64) throws(StoreError) -> InlineSlice {
        var slice = InlineSlice()
        // A snapshot pushes nothing out of the cache. The cursor needs it to the end.
        let snapshot = try StorageCall.metadata { () throws(MetadataError) in try metadata.snapshot() }
        defer { withExtendedLifetime(snapshot) {} }
        var walk = InlineWalk(snapshot, from: start)
        while let (key, value) = try walk.next() {
            // The check of the structure tells of keys of another length.
            guard let content = EngineKeys.inlineContent(in: key) else { continue }
            if slice.byteCount >= byteCountMax {
                slice.next = content
                return slice
            }
            slice.count += 1
            slice.byteCount += UInt64(value?.count ?? 0)
            if value.flatMap({ try? InlineRecord(decoding: $0) }) == nil { slice.damaged.append(content) }
        }
        return slice
    }
}
