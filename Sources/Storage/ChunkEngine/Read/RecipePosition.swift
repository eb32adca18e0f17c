// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// Where a read stands in a recipe.
struct RecipePosition {
    let content: UInt64
    /// What is still to be read, offsets in the content.
    private(set) var range: Range<UInt64>
    private(set) var segment: RecipeSegment
    private(set) var segmentIndex: UInt32
    /// The entry that holds the first byte of `range`.
    private var entryIndex = 0
    private var entryStart: UInt64

    /// Goes to the start of `range`, which is not empty.
    init(
        _ content: ContentReference,
        _ range: Range<UInt64>,
        _ engine: EngineParts,
        _ access: ReadAccess
    ) throws(ReadFailure) {
        self.content = content.id
        self.range = range
        (segment, segmentIndex) = try Self.find(range.lowerBound, content.id, engine, access)
        entryStart = segment.start
        while entryIndex < segment.entries.count - 1,
            entryStart + UInt64(segment.entries[entryIndex].plainByteCount) <= range.lowerBound
        {
            entryStart += UInt64(segment.entries[entryIndex].plainByteCount)
            entryIndex += 1
        }
    }

    /// The segment around `offset`: nearly always the first; else a binary search.
    private static func find(
        _ offset: UInt64,
        _ content: UInt64,
        _ engine: EngineParts,
        _ access: ReadAccess
    ) throws(ReadFailure) -> (RecipeSegment, UInt32) {
        var segment = try engine.recipeSegment(content, 0, access)
        if offset < segment.start + segment.byteCount { return (segment, 0) }
        var lower: UInt32 = 1
        var upper = try engine.contentHead(content, access).segmentCount
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            segment = try engine.recipeSegment(content, middle, access)
            if offset < segment.start {
                upper = middle
            } else if offset >= segment.start + segment.byteCount {
                lower = middle + 1
            } else {
                return (segment, middle)
            }
        }
        throw .store(StoreError(.corrupted, diagnosis: "content \(content) has no chunk at offset \(offset)"))
    }

    /// The entries from here on that lie side by side in one pack, up to `byteCountMax` of it and plain; at least one.
    ///
    /// - Parameter place: puts the place where the chunk is into an entry.
    func run(
        byteCountMax: Int,
        _ place: (RecipeEntry) throws(ReadFailure) -> RecipeEntry
    ) throws(ReadFailure) -> FrameRun {
        var run = FrameRun(first: try place(segment.entries[entryIndex]), at: entryStart)
        var start = entryStart + UInt64(segment.entries[entryIndex].plainByteCount)
        for entry in segment.entries[(entryIndex + 1)...] {
            guard start < range.upperBound, run.append(try place(entry), at: start, byteCountMax: byteCountMax) else {
                break
            }
            start += UInt64(entry.plainByteCount)
        }
        return run
    }

    /// Goes behind the first `count` entries from here; false when that is the end of the range.
    mutating func advance(_ count: Int, _ engine: EngineParts, _ access: ReadAccess) throws(ReadFailure) -> Bool {
        var start = entryStart
        for entry in segment.entries[entryIndex..<entryIndex + count] { start += UInt64(entry.plainByteCount) }
        guard start < range.upperBound else { return false }
        if entryIndex + count == segment.entries.count {
            let next = try engine.recipeSegment(content, segmentIndex + 1, access)
            guard next.start == start else {
                throw .store(StoreError(.corrupted, diagnosis: "content \(content) has a gap at offset \(start)"))
            }
            segment = next
            segmentIndex += 1
            entryIndex = 0
        } else {
            entryIndex += count
        }
        entryStart = start
        range = start..<range.upperBound
        return true
    }
}

/// Frames that lie side by side in a pack and come one after the other in a content.
struct FrameRun {
    struct Item {
        let entry: RecipeEntry
        /// Of the chunk's first byte in the content.
        let plainStart: UInt64

        var frameByteCount: Int { PackFormat.frameHeaderByteCount + Int(entry.encodedByteCount) }
    }

    let pack: UInt32
    /// Of the first frame's header.
    let offset: UInt64
    private(set) var byteCount: Int
    private(set) var items: [Item]

    var plainByteCount: Int { items.reduce(0) { $0 + Int($1.entry.plainByteCount) } }

    /// All chunks are stored as they are.
    var isPlain: Bool { items.allSatisfy { $0.entry.encodedByteCount == $0.entry.plainByteCount } }

    init(first: RecipeEntry, at plainStart: UInt64) {
        pack = first.pack
        offset = UInt64(first.offset)
        let item = Item(entry: first, plainStart: plainStart)
        byteCount = item.frameByteCount
        items = [item]
    }

    /// Takes the entry when its frame follows immediately and the run stays short enough, also its plain bytes: a megabyte of
    /// frames may hold a hundred.
    mutating func append(_ entry: RecipeEntry, at plainStart: UInt64, byteCountMax: Int) -> Bool {
        let item = Item(entry: entry, plainStart: plainStart)
        guard entry.pack == pack, UInt64(entry.offset) == offset + UInt64(byteCount),
            byteCount + item.frameByteCount <= byteCountMax,
            plainStart + UInt64(entry.plainByteCount) - items[0].plainStart <= UInt64(byteCountMax)
        else { return false }
        byteCount += item.frameByteCount
        items.append(item)
        return true
    }
}
