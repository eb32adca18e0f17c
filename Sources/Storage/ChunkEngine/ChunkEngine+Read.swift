// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkFormat
import MetadataStore
package import NIOCore
package import StorageTypes

extension ChunkEngine {
    /// Keeps a recipe or an assembly readable after its last reference has gone. Nil for a content that needs no pin because
    /// it goes with its owner's record.
    ///
    /// Look the owner up again behind this call: only if it still has the content, the pin came in time.
    package func pin(_ content: ContentReference) -> ContentPin? {
        switch content.kind {
        case .empty, .inline: nil
        case .recipe, .assembly, .stretch: ContentPin(content.id, parts.pins)
        }
    }

    /// The plain bytes of `range`, each verified on this read. Pieces of at most 1 MiB; chunks that lie side by side are
    /// fetched with one call.
    ///
    /// The content must stay referenced, or be pinned. An inline content goes with its last reference: see `inlineBytes`.
    package func read(
        _ content: ContentReference,
        _ range: Range<UInt64>,
        pin: ContentPin? = nil
    ) -> any ObjectBody {
        ContentReader(parts, ReadCursor(parts, content, range), pin)
    }

    /// The same at once and without blocking, when all of it is in memory and at most 256 KiB; else nil, damage included.
    package func readIfCached(_ content: ContentReference, _ range: Range<UInt64>) -> ByteBuffer? {
        let limit = parts.configuration.cachedReadByteCountMax
        guard range.count <= limit else { return nil }
        let cursor = ReadCursor(parts, content, range)
        var result: ByteBuffer?
        while !cursor.isAtEnd {
            guard let pieces = try? cursor.next(byteCountMax: 2 * limit, .cachedOnly) else { return nil }
            for piece in pieces where result?.writeImmutableBuffer(piece) == nil {
                result = piece
            }
        }
        return result ?? ByteBuffer()
    }

    /// Begins to bring a content into memory that is read soon. A hint: it may be too much, and what others do goes first.
    package func prefetch(_ content: ContentReference, pin: ContentPin?) {
        parts.prefetcher.add(content, pin, parts)
    }

    /// All bytes of an inline content; nil when it is gone, because its owner was deleted or overwritten since it was looked up:
    /// look the owner up again. Who hands out a handle that outlives its object takes the bytes when it is made.
    package func inlineBytes(_ content: ContentReference) async throws(StoreError) -> ByteBuffer? {
        precondition(content.kind == .inline, "only inline contents go away while the engine runs")
        if let cached = readIfCached(content, 0..<content.size) { return cached }
        let parts = parts
        return try await parts.workers.run { () throws(StoreError) in
            // One look-up: between two of them the content may go.
            guard let record = try parts.storedValue(.inline, EngineKeys.inline(content.id)) else { return nil }
            return ByteBuffer(bytes: try EngineParts.plainBytes(ofInline: record, content))
        }
    }

    /// The parts of a multipart object, in order.
    package func assemblyParts(_ content: ContentReference) async throws(StoreError) -> [AssemblyPart] {
        precondition(content.kind == .assembly, "only assemblies have parts")
        let parts = parts
        return try await parts.workers.run { () throws(StoreError) in try parts.assemblyParts(content) }
    }
}
