// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension CommitTransaction {
    /// Stores what is left of a recipe and its head.
    mutating func adopt(
        _ recipe: StagedRecipe,
        size: UInt64,
        referenceCount: UInt64 = 1
    ) throws(StoreError) -> ContentReference {
        let id = recipe.id ?? engine.contentIDs.next()
        var start = recipe.start
        var segmentCount = recipe.segmentCount
        var rest = recipe.chunks[...]
        while !rest.isEmpty {
            let chunks = rest.prefix(engine.configuration.segmentEntryCountMax)
            rest = rest.dropFirst(chunks.count)
            start = try putSegment(id, segmentCount, start: start, chunks)
            segmentCount += 1
        }
        precondition(start == size, "chunks add up to the content")
        packsToSync.append(contentsOf: recipe.holds.packs)
        let head = ContentHead(
            kind: .recipe,
            referenceCount: referenceCount,
            size: size,
            segmentCount: segmentCount,
            entryCount: recipe.entryCount + UInt64(recipe.chunks.count)
        )
        put(.contents, EngineKeys.head(id), head.encoded)
        if recipe.id != nil { remove(.system, EngineKeys.pending(id)) }
        return ContentReference(kind: .recipe, id: id, size: size)
    }

    /// Whether a content is what would become of a recipe. False, too, for recipes of many segments, which are stored already.
    func isSame(_ recipe: StagedRecipe, _ size: UInt64, as content: ContentReference) throws(StoreError) -> Bool {
        guard content.kind == .recipe, content.size == size, recipe.id == nil,
            let bytes = try get(.contents, EngineKeys.segment(content.id, 0))
        else { return false }
        let segment = try StorageCall.decoding("segment 0 of content \(content.id)") { () throws(DecodeError) in
            try RecipeSegment(decoding: bytes)
        }
        // Equal chunks of equal number fill the equal size: there is no second segment.
        return segment.entries.elementsEqual(recipe.chunks) { entry, chunk in
            entry.digest == chunk.digest && entry.pack == chunk.pack && UInt64(entry.offset) == chunk.offset
        }
    }

    /// Stores a segment and counts its chunks; returns where the next one starts.
    mutating func putSegment(
        _ id: UInt64,
        _ index: UInt32,
        start: UInt64,
        _ chunks: some Sequence<StagedChunk>
    ) throws(StoreError) -> UInt64 {
        var entries: [RecipeEntry] = []
        entries.reserveCapacity(RecipeSegment.entryCountMax)
        for chunk in chunks { entries.append(try count(chunk)) }
        let segment = RecipeSegment(start: start, entries: entries)
        put(.contents, EngineKeys.segment(id, index), segment.encoded)
        return start + segment.byteCount
    }

    /// Adds one reference to a chunk, and the chunk itself when this is its first.
    private mutating func count(_ chunk: StagedChunk) throws(StoreError) -> RecipeEntry {
        var record: ChunkRecord
        if let known = try chunkRecord(chunk.digest) {
            record = known
            record.referenceCount += 1
            if try isQuarantined(pack: record.pack, offset: record.offset) { try mend(&record, with: chunk) }
        } else {
            guard !chunk.isIndexed else {
                throw StoreError(.corrupted, diagnosis: "chunk \(chunk.digest.hex) has left the index")
            }
            record = ChunkRecord(chunk, referenceCount: 1)
            packChanges.add(record)
        }
        put(.chunks, EngineKeys.chunk(chunk.digest), record.encoded)
        return RecipeEntry(
            digest: chunk.digest,
            plainByteCount: record.plainByteCount,
            encodedByteCount: record.encodedByteCount,
            pack: record.pack,
            offset: UInt32(record.offset)
        )
    }

    /// Nil when the chunk is not in the index.
    func chunkRecord(_ digest: SHA256Digest) throws(StoreError) -> ChunkRecord? {
        guard let bytes = try get(.chunks, EngineKeys.chunk(digest)) else { return nil }
        return try ChunkRecord(bytes, of: digest)
    }

    /// Puts the frame that an upload has written in the place of a damaged one, for everybody who has the chunk.
    ///
    /// - Throws: `slowDown` when it wrote none, for the damage was found after it had looked: the next attempt will.
    private mutating func mend(_ record: inout ChunkRecord, with chunk: StagedChunk) throws(StoreError) {
        if chunk.isTakenOver { return }
        guard !chunk.isIndexed, (chunk.pack, chunk.offset) != (record.pack, record.offset) else {
            throw StoreError(
                .slowDown,
                "some of the content was found damaged where it is stored; send it again",
                diagnosis: "chunk \(chunk.digest.hex)"
            )
        }
        try removeFrame(record)
        record = ChunkRecord(chunk, referenceCount: record.referenceCount)
        packChanges.add(record)
    }

    /// Turns a recipe that will never get its head into work for the garbage collection.
    mutating func giveUp(_ id: UInt64) {
        delete(.system, EngineKeys.pending(id))
        put(.system, EngineKeys.reclaim(id), EngineKeys.markerValue)
    }
}

extension ChunkRecord {
    fileprivate init(_ chunk: StagedChunk, referenceCount: UInt64) {
        self.init(
            encoding: chunk.encoding,
            pack: chunk.pack,
            offset: chunk.offset,
            encodedByteCount: chunk.encodedByteCount,
            plainByteCount: chunk.plainByteCount,
            xxh3: chunk.xxh3,
            referenceCount: referenceCount
        )
    }
}
