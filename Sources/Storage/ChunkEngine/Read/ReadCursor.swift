// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import NIOCore
import StorageTypes

/// Walks over a range of a content and yields verified pieces.
final class ReadCursor: @unchecked Sendable {  // One job at a time; its reader looks only between two jobs.
    private let engine: EngineParts
    /// Last first: contents still to be read.
    private var leaves: [(content: ContentReference, range: Range<UInt64>)]
    private var recipe: RecipePosition?
    /// Chunks were moved since the recipe was written: where the last ones are only the index could tell.
    private var isMoved = false
    /// Bytes not yielded yet.
    private(set) var byteCountLeft: UInt64

    init(_ engine: EngineParts, _ content: ContentReference, _ range: Range<UInt64>) {
        precondition(range.upperBound <= content.size, "a range lies inside its content")
        self.engine = engine
        leaves = range.isEmpty ? [] : [(content, range)]
        byteCountLeft = UInt64(range.count)
    }

    var isAtEnd: Bool { byteCountLeft == 0 }

    /// The next pieces, read with one call to the file system; none at the end.
    func next(byteCountMax: Int, _ access: ReadAccess) throws(ReadFailure) -> [ByteBuffer] {
        while true {
            if let position = recipe {
                let pieces = try readRun(position, byteCountMax, access)
                byteCountLeft -= pieces.reduce(0) { $0 + UInt64($1.readableBytes) }
                return pieces
            }
            guard let leaf = leaves.last else { return [] }
            switch leaf.content.kind {
            case .empty:
                leaves.removeLast()
            case .inline:
                let piece = try readInline(leaf.content, leaf.range, access)
                leaves.removeLast()
                byteCountLeft -= UInt64(piece.readableBytes)
                return [piece]
            case .recipe:
                recipe = try RecipePosition(leaf.content, leaf.range, engine, access)
                leaves.removeLast()
            case .assembly:
                let parts = try expand(leaf.content, leaf.range, access)
                leaves.removeLast()
                leaves.append(contentsOf: parts.reversed())
            case .stretch:
                throw .store(StoreError(.corrupted, diagnosis: "a stretch of content \(leaf.content.id) stands alone"))
            }
        }
    }

    private func readRun(
        _ position: RecipePosition,
        _ byteCountMax: Int,
        _ access: ReadAccess
    ) throws(ReadFailure) -> [ByteBuffer] {
        let reader = FrameReader(engine: engine)
        var pieces: [ByteBuffer] = []
        if !isMoved {
            let run = try position.run(byteCountMax: byteCountMax) { $0 }
            pieces = try reader.readUnlessUnreadable(run, position.range, access)
        }
        if pieces.isEmpty {
            // Side by side they lie as before, so that moved chunks are read many at a time, too.
            isMoved = false
            let run = try position.run(byteCountMax: byteCountMax) { entry throws(ReadFailure) in
                let current = try reader.current(entry, access)
                if current != entry { isMoved = true }
                return current
            }
            pieces = try reader.readUnlessUnreadable(run, position.range, access)
            if pieces.isEmpty { pieces = [try reader.readFirst(run, position.range, access)] }
        }
        var next = position
        recipe = try next.advance(pieces.count, engine, access) ? next : nil
        return pieces
    }

    private func readInline(
        _ content: ContentReference,
        _ range: Range<UInt64>,
        _ access: ReadAccess
    ) throws(ReadFailure) -> ByteBuffer {
        let record = try engine.required(.inline, EngineKeys.inline(content.id), access, "inline content \(content.id)")
        let bytes = try reading { () throws(StoreError) in try EngineParts.plainBytes(ofInline: record, content) }
        let start = bytes.startIndex
        return ByteBuffer(bytes: bytes[start + Int(range.lowerBound)..<start + Int(range.upperBound)])
    }

    /// The parts of an assembly that `range` touches, in order.
    private func expand(
        _ content: ContentReference,
        _ range: Range<UInt64>,
        _ access: ReadAccess
    ) throws(ReadFailure) -> [(content: ContentReference, range: Range<UInt64>)] {
        var result: [(content: ContentReference, range: Range<UInt64>)] = []
        var start: UInt64 = 0
        var index: UInt32 = 0
        while start < range.upperBound {
            let segment = try engine.assemblySegment(content.id, index, access)
            guard segment.start == start else {
                throw .store(StoreError(.corrupted, diagnosis: "content \(content.id) has a gap at offset \(start)"))
            }
            for part in segment.parts {
                let end = start + part.content.size
                let wanted = range.clamped(to: start..<end)
                if !wanted.isEmpty, part.content.kind != .stretch {
                    result.append((part.content, wanted.lowerBound - start..<wanted.upperBound - start))
                } else if !wanted.isEmpty, let last = result.last, last.content.id == part.content.id {
                    // Stretches go on in one another.
                    result[result.count - 1].range = last.range.lowerBound..<wanted.upperBound
                } else if !wanted.isEmpty {
                    result.append((ContentReference(kind: .recipe, id: part.content.id, size: content.size), wanted))
                }
                start = end
            }
            index += 1
        }
        return result
    }
}
