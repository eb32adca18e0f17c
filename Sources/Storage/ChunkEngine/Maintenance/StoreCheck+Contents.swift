// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension StoreCheck {
    /// Compares each head with its segments and with the reclaim queue.
    mutating func checkContents() throws(StoreError) {
        var reclaimable = try ContentMarkers(metadata, EngineKeys.reclaimPrefix)
        var pending = try ContentMarkers(metadata, EngineKeys.pendingPrefix)
        var current: ContentWalk?
        func finish() throws(StoreError) {
            guard let walk = current else { return }
            check(walk, isQueued: try reclaimable.contain(walk.id), isPending: try pending.contain(walk.id))
        }
        try metadata.forEach(.contents, from: [], until: nil) { key, value throws(StoreError) in
            guard let (id, index) = EngineKeys.content(in: key) else {
                return addUnreadable("contents", key, DecodeError(.invalidValue, at: 0))
            }
            if current?.id != id {
                try finish()
                current = ContentWalk(id)
            }
            do throws(DecodeError) {
                if let index {
                    try current?.take(value, index: index)
                } else {
                    current?.head = try ContentHead(decoding: value)
                }
            } catch {
                addUnreadable("contents", key, error)
            }
        }
        try finish()
    }

    private mutating func check(_ walk: ContentWalk, isQueued: Bool, isPending: Bool) {
        report.contentCount += 1
        guard let head = walk.head else {
            if !isQueued, !isPending { report.add(.orphanedSegments(content: walk.id)) }
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

    mutating func take(_ value: [UInt8], index: UInt32) throws(DecodeError) {
        let start: UInt64
        let byteCount: UInt64
        let own: ContentReference.Kind
        if value.count > 1, value[1] == ContentReference.Kind.assembly.rawValue {
            let segment = try AssemblySegment(decoding: value)
            (start, own) = (segment.start, .assembly)
            byteCount = segment.parts.reduce(0) { $0 + $1.content.size }
            entryCount += UInt64(segment.parts.count)
        } else {
            let segment = try RecipeSegment(decoding: value)
            (start, own, byteCount) = (segment.start, .recipe, segment.byteCount)
            entryCount += UInt64(segment.entries.count)
        }
        if index != segmentCount || start != end || (kind ?? own) != own { gap = gap ?? end }
        segmentCount += 1
        end = start &+ byteCount
        kind = own
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
