// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkFormat
import MetadataStore
package import StorageTypes

extension CommitTransaction {
    /// Makes a staged content part of the store, with one reference. Once, and only for a content given to this `commit`.
    ///
    /// - Parameter earlier: what the owner had so far, and will release. If that is the same, chunk for chunk and where they lie,
    ///   it gets the reference: who stores again what is there, as backups do, leaves the counts of its chunks alone.
    package mutating func adopt(
        _ staged: StagedContent,
        over earlier: ContentReference? = nil
    ) throws(StoreError) -> ContentReference {
        switch staged.body {
        case .empty:
            return .empty
        case .inline(let record):
            try engine.space.charge(UInt64(record.count), .content)
            return putInline(record, size: staged.size)
        case .recipe(let recipe):
            let identity = ObjectIdentifier(recipe.holds)
            precondition(!adopted.contains(identity), "a content is adopted once")
            adopted.append(identity)
            // What is damaged is not to be had again, but mended.
            if let earlier, engine.quarantine.isEmpty, try isSame(recipe, staged.size, as: earlier) {
                try retain(earlier)
                return earlier
            }
            return try adopt(recipe, size: staged.size)
        }
    }

    /// One more reference to a recipe or an assembly; nothing to do for an empty content.
    package mutating func retain(_ content: ContentReference) throws(StoreError) {
        precondition(content.kind != .inline, "inline contents have one owner: duplicate them")
        guard content.kind != .empty else { return }
        var head = try head(content)
        guard head.referenceCount > 0 else {
            throw StoreError(.corrupted, diagnosis: "content \(content.id) was released before")
        }
        head.referenceCount += 1
        put(.contents, EngineKeys.head(content.id), head.encoded)
    }

    /// A content of the same bytes for a second owner: the same one, or for inline contents a copy.
    package mutating func duplicate(_ content: ContentReference) throws(StoreError) -> ContentReference {
        guard content.kind == .inline else {
            try retain(content)
            return content
        }
        guard let record = try get(.inline, EngineKeys.inline(content.id)) else {
            throw StoreError(.corrupted, diagnosis: "inline content \(content.id) is missing")
        }
        try engine.space.charge(UInt64(record.count), .content)
        return putInline(record, size: content.size)
    }

    /// One reference less. The last one queues the content for reclamation, or deletes it when it is inline.
    package mutating func release(_ content: ContentReference) throws(StoreError) {
        switch content.kind {
        case .empty:
            break
        case .inline:
            remove(.inline, EngineKeys.inline(content.id))
            try endQuarantine(pack: 0, offset: content.id)
            releasedInlineByteCount += content.size
        case .recipe, .assembly, .stretch:
            var head = try head(content)
            guard head.referenceCount > 0 else {
                throw StoreError(.corrupted, diagnosis: "content \(content.id) was released before")
            }
            head.referenceCount -= 1
            put(.contents, EngineKeys.head(content.id), head.encoded)
            if head.referenceCount == 0 { put(.system, EngineKeys.reclaim(content.id), EngineKeys.markerValue) }
        }
    }

    /// Joins contents to one, taking over the caller's reference to each part; the result has one reference.
    ///
    /// - Parameters:
    ///   - parts: at least one, in order; none of them an assembly.
    ///   - joins: cuts the parts anew later, as one content (`PartJoin`).
    package mutating func assemble(
        _ parts: [AssemblyPart],
        joins: Bool = false
    ) throws(StoreError) -> ContentReference {
        precondition(!parts.isEmpty, "an assembly has parts")
        precondition(parts.allSatisfy { $0.content.kind != .assembly }, "assemblies do not nest")
        let id = engine.contentIDs.next()
        let (size, segmentCount) = putParts(parts, of: id)
        if joins, parts.count(where: { $0.content.kind != .empty }) > 1 {
            put(.system, EngineKeys.join(id), EngineKeys.markerValue)
        }
        let head = ContentHead(
            kind: .assembly,
            referenceCount: 1,
            size: size,
            segmentCount: segmentCount,
            entryCount: UInt64(parts.count)
        )
        put(.contents, EngineKeys.head(id), head.encoded)
        return ContentReference(kind: .assembly, id: id, size: size)
    }

    /// Stores the segments of an assembly; returns the bytes of all parts, and how many segments there are.
    @discardableResult
    mutating func putParts(_ parts: [AssemblyPart], of id: UInt64) -> (size: UInt64, segmentCount: UInt32) {
        var size: UInt64 = 0
        var segmentCount: UInt32 = 0
        var rest = parts[...]
        while !rest.isEmpty {
            let segment = AssemblySegment(start: size, parts: [AssemblyPart](rest.prefix(AssemblySegment.partCountMax)))
            rest = rest.dropFirst(segment.parts.count)
            put(.contents, EngineKeys.segment(id, segmentCount), segment.encoded)
            segmentCount += 1
            for part in segment.parts { size += part.content.size }
        }
        return (size, segmentCount)
    }

    private mutating func putInline(_ record: [UInt8], size: UInt64) -> ContentReference {
        let id = engine.contentIDs.next()
        overlay.set(.inline, EngineKeys.inline(id), record)  // Charged as content.
        return ContentReference(kind: .inline, id: id, size: size)
    }

    private func head(_ content: ContentReference) throws(StoreError) -> ContentHead {
        guard let head = try head(content.id) else {
            throw StoreError(.corrupted, diagnosis: "content \(content.id) has no head")
        }
        return head
    }

    /// Nil when the content is gone.
    func head(_ id: UInt64) throws(StoreError) -> ContentHead? {
        guard let bytes = try get(.contents, EngineKeys.head(id)) else { return nil }
        return try ContentHead(bytes, of: id)
    }
}
