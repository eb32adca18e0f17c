// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension StoreCheck {
    /// Compares each head with its segments, and the counts with what assemblies refer to.
    mutating func checkContents() throws(StoreError) {
        var partReferences: [UInt64: UInt64] = [:]
        var inlineParts: [UInt64] = []
        var current: ContentWalk?
        try metadata.forEach(.contents, from: [], until: nil) { key, value in
            guard let (id, index) = EngineKeys.content(in: key) else {
                return addUnreadable("contents", key, DecodeError(.invalidValue, at: 0))
            }
            if current?.id != id {
                if let current { finish(current) }
                current = ContentWalk(id)
            }
            do throws(DecodeError) {
                if let index {
                    let parts = try current?.take(value, index: index) ?? []
                    for part in parts {
                        switch part.kind {
                        case .recipe: partReferences[part.id, default: 0] += 1
                        case .inline: inlineParts.append(part.id)
                        case .empty, .assembly: break
                        }
                    }
                } else {
                    current?.head = try ContentHead(decoding: value)
                }
            } catch {
                addUnreadable("contents", key, error)
            }
        }
        if let current { finish(current) }
        try checkParts(partReferences, inlineParts)
    }

    private mutating func finish(_ walk: ContentWalk) {
        report.contentCount += 1
        let isQueued = reclaimable.contains(walk.id)
        guard let head = walk.head else {
            if !isQueued, !pending.contains(walk.id) { report.add(.orphanedSegments(content: walk.id)) }
            return
        }
        if (head.referenceCount == 0) != isQueued {
            report.add(
                .reclaimMismatch(content: walk.id, referenceCount: head.referenceCount, isQueued: isQueued)
            )
        }
        // A queued content may have lost its first segments to a collection that was cut short.
        if !isQueued, let reason = walk.mismatch(head) {
            report.add(.contentMismatch(content: walk.id, reason: reason))
        }
    }

    private mutating func checkParts(_ references: [UInt64: UInt64], _ inline: [UInt64]) throws(StoreError) {
        for (id, actual) in references.sorted(by: { $0.key < $1.key }) {
            let bytes = try StorageCall.metadata { () throws(MetadataError) in
                try metadata.get(.contents, EngineKeys.head(id))
            }
            let recorded = bytes.flatMap { try? ContentHead(decoding: $0) }?.referenceCount ?? 0
            if recorded < actual { report.add(.partReference(content: id, recorded: recorded, actual: actual)) }
        }
        for id in inline {
            let bytes = try StorageCall.metadata { () throws(MetadataError) in
                try metadata.get(.inline, EngineKeys.inline(id))
            }
            if bytes == nil { report.add(.missingInlinePart(content: id)) }
        }
    }
}

/// What the segments of one content add up to.
private struct ContentWalk {
    let id: UInt64
    var head: ContentHead?
    private var segmentCount: UInt32 = 0
    private var entryCount: UInt64 = 0
    private var end: UInt64 = 0
    private var kind: ContentReference.Kind?
    private var gap: UInt64?

    init(_ id: UInt64) {
        self.id = id
    }

    /// Adds a segment and returns the parts it names.
    mutating func take(_ value: [UInt8], index: UInt32) throws(DecodeError) -> [ContentReference] {
        var parts: [ContentReference] = []
        let start: UInt64
        let byteCount: UInt64
        let own: ContentReference.Kind
        if value.count > 1, value[1] == ContentReference.Kind.assembly.rawValue {
            let segment = try AssemblySegment(decoding: value)
            (start, own) = (segment.start, .assembly)
            parts = segment.parts.map(\.content)
            byteCount = parts.reduce(0) { $0 + $1.size }
            entryCount += UInt64(parts.count)
        } else {
            let segment = try RecipeSegment(decoding: value)
            (start, own, byteCount) = (segment.start, .recipe, segment.byteCount)
            entryCount += UInt64(segment.entries.count)
        }
        if index != segmentCount || start != end || (kind ?? own) != own { gap = gap ?? end }
        segmentCount += 1
        end = start &+ byteCount
        kind = own
        return parts
    }

    func mismatch(_ head: ContentHead) -> String? {
        if let gap { return "its segments do not join at offset \(gap)" }
        if kind != head.kind { return "its segments are of another kind" }
        if segmentCount != head.segmentCount { return "it has \(segmentCount) of \(head.segmentCount) segments" }
        if entryCount != head.entryCount { return "it has \(entryCount) of \(head.entryCount) entries" }
        if end != head.size { return "its entries hold \(end) of \(head.size) bytes" }
        return nil
    }
}
