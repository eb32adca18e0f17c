// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// Walks over the chunks of an assembly's parts, in order.
struct PartChunks {
    struct Chunk {
        /// In the assembly.
        let range: Range<UInt64>
        /// Nil for a small part, which is no chunk.
        let digest: SHA256Digest?
        let part: Int
        /// Whether its end is a cut, and no border.
        let endsWithCut: Bool
    }

    private let engine: EngineParts
    private let parts: [ContentReference]
    /// Nil at the end.
    private(set) var current: Chunk?
    /// The part of the next chunk.
    private var part = -1
    private var partEnd: UInt64 = 0
    private var segment: RecipeSegment?
    private var segmentIndex: UInt32 = 0
    private var entryIndex = 0

    /// Goes to the first chunk. Blocks, as `advance` does.
    init(_ engine: EngineParts, _ parts: [ContentReference]) throws(StoreError) {
        self.engine = engine
        self.parts = parts
        try advance()
    }

    mutating func advance() throws(StoreError) {
        let start = current?.range.upperBound ?? 0
        while start == partEnd {
            part += 1
            guard part < parts.count else {
                current = nil
                return
            }
            partEnd = start + parts[part].size
            (segment, segmentIndex, entryIndex) = (nil, 0, 0)
        }
        guard parts[part].kind == .recipe else {
            current = Chunk(range: start..<partEnd, digest: nil, part: part, endsWithCut: false)
            return
        }
        let entry = try nextEntry(of: parts[part])
        let end = start + UInt64(entry.plainByteCount)
        guard end <= partEnd else {
            throw StoreError(.corrupted, diagnosis: "content \(parts[part].id) is longer than it should be")
        }
        current = Chunk(
            range: start..<end,
            digest: entry.digest,
            part: part,
            endsWithCut: end < partEnd || part == parts.count - 1
        )
    }

    private mutating func nextEntry(of part: ContentReference) throws(StoreError) -> RecipeEntry {
        var entries = segment?.entries ?? []
        if entryIndex == entries.count {
            do throws(ReadFailure) {
                let next = try engine.recipeSegment(part.id, segmentIndex, .blocking)
                (segment, entries) = (next, next.entries)
            } catch {
                throw error.blocking
            }
            segmentIndex += 1
            entryIndex = 0
        }
        defer { entryIndex += 1 }
        return entries[entryIndex]
    }
}
