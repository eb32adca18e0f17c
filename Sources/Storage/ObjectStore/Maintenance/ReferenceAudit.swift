// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

/// Compares what versions, parts and assemblies refer to with the contents that are stored and with their counts.
///
/// Both sides are walked in the order of content ids. Memory is bounded by doing that for a share of the ids at a time.
struct ReferenceAudit {
    struct Reference: Comparable {
        let id: UInt64
        let size: UInt64

        static func < (left: Reference, right: Reference) -> Bool {
            (left.id, left.size) < (right.id, right.size)
        }
    }

    private let metadata: any MetadataReading
    /// Those with this remainder when they are divided by how many shares there are.
    private var share: (remainder: UInt64, count: UInt64) = (0, 1)
    /// To recipes and assemblies, one for each time that one is named.
    private var counted: [Reference] = []
    private var inline: [Reference] = []
    /// What is wrong with a content, by its id.
    private(set) var findings: [UInt64: String] = [:]

    /// Blocks.
    ///
    /// - Parameter ownerCount: of versions and parts.
    init(
        _ metadata: any MetadataReading,
        ownerCount: UInt64,
        _ referenceCountMax: UInt64
    ) throws(StoreError) {
        self.metadata = metadata
        var count = ownerCount
        try Self.forEachAssemblyPart(metadata) { _ in count += 1 }
        share.count = count / referenceCountMax + 1
        for remainder in 0..<share.count {
            share.remainder = remainder
            try run()
        }
    }

    private func isInShare(_ id: UInt64) -> Bool { id % share.count == share.remainder }

    private mutating func note(_ content: ContentReference) {
        guard isInShare(content.id) else { return }
        switch content.kind {
        case .empty: break
        case .inline: inline.append(Reference(id: content.id, size: content.size))
        case .recipe, .assembly, .stretch: counted.append(Reference(id: content.id, size: content.size))
        }
    }

    private mutating func run() throws(StoreError) {
        (counted, inline) = ([], [])
        // What can't be decoded is found by those who look at each record.
        try OwnerNames.forEachReference(metadata) { _, content in note(content) }
        try Self.forEachAssemblyPart(metadata) { content in note(content) }
        counted.sort()
        inline.sort()
        try compareHeads()
        try compareInline()
    }

    /// An assembly that waits for reclamation still refers to its parts. Its stretches are of a recipe as long as it is.
    private static func forEachAssemblyPart(
        _ metadata: any MetadataReading,
        _ body: (ContentReference) -> Void
    ) throws(StoreError) {
        var size: UInt64 = 0
        try TableScan(metadata).forEach(.contents, prefix: []) { key, value throws(StoreError) in
            // What can't be decoded is the engine's finding.
            guard let (_, index) = EngineKeys.content(in: key), value.count > 1,
                value[1] == ContentReference.Kind.assembly.rawValue
            else { return }
            guard index != nil else {
                size = (try? ContentHead(decoding: value))?.size ?? 0
                return
            }
            guard let segment = try? AssemblySegment(decoding: value) else { return }
            for content in segment.parts.map(\.content) {
                let isStretch = content.kind == .stretch
                body(isStretch ? ContentReference(kind: .stretch, id: content.id, size: size) : content)
            }
        }
    }

    private mutating func compareHeads() throws(StoreError) {
        var heads = Merge(counted)
        try TableScan(metadata).forEach(.contents, prefix: []) { key, value throws(StoreError) in
            guard let (id, segment) = EngineKeys.content(in: key), segment == nil, isInShare(id),
                let head = try? ContentHead(decoding: value)
            else { return }
            let (missing, found) = heads.take(id)
            for reference in missing { note(reference.id, "its content is missing") }
            if UInt64(found.count) != head.referenceCount {
                note(id, "counted \(head.referenceCount) times but referred to \(found.count) times")
            }
            if found.contains(where: { $0.size != head.size }) {
                note(id, "its content has \(head.size) bytes, which is not what refers to it says")
            }
        }
        for reference in heads.rest { note(reference.id, "its content is missing") }
    }

    private mutating func compareInline() throws(StoreError) {
        var owners = Merge(inline)
        var walk = InlineWalk(metadata)
        while let (key, value) = try walk.next() {
            guard let id = EngineKeys.inlineContent(in: key), isInShare(id) else { continue }
            let (missing, found) = owners.take(id)
            for reference in missing { note(reference.id, "its bytes are missing") }
            switch found.count {
            case 0: note(id, "bytes that belong to nothing")
            case 1: break
            default: note(id, "shares its bytes with \(found.count - 1) others")
            }
            guard let value else {
                note(id, "its bytes are damaged")
                continue
            }
            do throws(DecodeError) {
                let record = try InlineRecord(decoding: value)
                guard let reference = found.first, reference.size != UInt64(record.bytes.count) else { continue }
                note(id, "holds \(record.bytes.count) bytes instead of \(reference.size)")
            } catch {
                note(id, "its bytes are damaged: \(error.reason) at byte \(error.offset)")
            }
        }
        for reference in owners.rest { note(reference.id, "its bytes are missing") }
    }

    private mutating func note(_ id: UInt64, _ text: @autoclosure () -> String) {
        guard findings.count < ObjectAudit.problemCountMax, findings[id] == nil else { return }
        findings[id] = text()
    }

    /// Sorted references, consumed along a walk over ascending ids.
    private struct Merge {
        private let references: [Reference]
        private var position = 0

        init(_ references: [Reference]) {
            self.references = references
        }

        /// The references to ids below `id` that were passed over, and those to `id`.
        mutating func take(_ id: UInt64) -> (missing: ArraySlice<Reference>, found: ArraySlice<Reference>) {
            let start = position
            while position < references.count, references[position].id < id { position += 1 }
            let middle = position
            while position < references.count, references[position].id == id { position += 1 }
            return (references[start..<middle], references[middle..<position])
        }

        var rest: ArraySlice<Reference> { references[position...] }
    }
}
