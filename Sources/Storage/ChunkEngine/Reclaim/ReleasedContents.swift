// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// The contents that a collection would take: those in the reclaim queue, and the parts that only assemblies among them have.
struct ReleasedContents {
    private let metadata: any MetadataReading
    private let pins: ContentPins
    /// Beside the queue.
    private var parts: [UInt64] = []
    private(set) var count: UInt64 = 0
    /// Left because somebody reads them.
    private(set) var postponedCount: UInt64 = 0

    /// Memory: 8 bytes for each part that goes. Blocks.
    ///
    /// - Parameter entryCountMax: parts that are counted at once, at about 40 bytes each.
    init(_ metadata: any MetadataReading, _ pins: ContentPins, entryCountMax: Int) throws(StoreError) {
        self.metadata = metadata
        self.pins = pins
        var (queuedCount, pinnedCount): (UInt64, UInt64) = (0, 0)
        try forEachQueued { _, isPinned in
            if isPinned { pinnedCount += 1 } else { queuedCount += 1 }
        }
        var lower: UInt64?
        repeat {
            let uses = try countParts(from: lower, countMax: entryCountMax)
            for (part, useCount) in uses.counts.sorted(by: { $0.key < $1.key })
            where try referenceCount(part) == useCount {
                if pins.isPinned(part) { pinnedCount += 1 } else { parts.append(part) }
            }
            lower = uses.upper
        } while lower != nil
        count = queuedCount + UInt64(parts.count)
        postponedCount = pinnedCount
    }

    /// How often assemblies in the queue name each part.
    private func countParts(from lower: UInt64?, countMax: Int) throws(StoreError) -> UseCounts<UInt64> {
        var uses = UseCounts(from: lower, countMax: countMax)
        try forEachQueued { content, isPinned throws(StoreError) in
            if isPinned { return }
            try forEachSegment(of: content) { value, isAssembly throws(StoreError) in
                guard isAssembly else { return }
                let segment = try StorageCall.decoding("segment of content \(content)") { () throws(DecodeError) in
                    try AssemblySegment(decoding: value)
                }
                for part in segment.parts.map(\.content) where [.recipe, .stretch].contains(part.kind) {
                    uses.add(part.id)
                }
            }
        }
        return uses
    }

    /// Calls `body` with each entry of the recipes among them.
    func forEachEntry(_ body: (RecipeEntry) throws(StoreError) -> Void) throws(StoreError) {
        func walk(_ content: UInt64) throws(StoreError) {
            try forEachSegment(of: content) { value, isAssembly throws(StoreError) in
                if isAssembly { return }
                let segment = try StorageCall.decoding("segment of content \(content)") { () throws(DecodeError) in
                    try RecipeSegment(decoding: value)
                }
                for entry in segment.entries { try body(entry) }
            }
        }
        try forEachQueued { content, isPinned throws(StoreError) in
            if !isPinned { try walk(content) }
        }
        for part in parts { try walk(part) }
    }

    private func forEachQueued(
        _ body: (_ content: UInt64, _ isPinned: Bool) throws(StoreError) -> Void
    ) throws(StoreError) {
        let queue = EngineKeys.range(of: EngineKeys.reclaimPrefix)
        try metadata.forEach(.system, from: queue.lower, until: queue.upper) { key, _ throws(StoreError) in
            guard let id = EngineKeys.number(in: key, as: UInt64.self) else { return }
            try body(id, pins.isPinned(id))
        }
    }

    private func forEachSegment(
        of content: UInt64,
        _ body: (_ value: [UInt8], _ isAssembly: Bool) throws(StoreError) -> Void
    ) throws(StoreError) {
        let range = EngineKeys.segments(content)
        try metadata.forEach(.contents, from: range.lower, until: range.upper) { _, value throws(StoreError) in
            try body(value, value.count > 1 && value[1] == ContentReference.Kind.assembly.rawValue)
        }
    }

    private func referenceCount(_ content: UInt64) throws(StoreError) -> UInt64 {
        guard let head = try metadata.contentHead(content) else {
            throw StoreError(.corrupted, diagnosis: "content \(content) is not there")
        }
        return head.referenceCount
    }
}
