// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import NIOCore
import StorageTypes

/// An object that was looked up.
///
/// An inline object's bytes are taken along at once, because an overwrite deletes them in its own commit; other content is
/// pinned, so that it stays readable until the handle and the last body from it are gone.
final class StoredObject: OpenedObject {
    let info: ObjectInfo
    /// The key in table `objects` it was found under.
    let storedKey: [UInt8]
    let content: ContentReference
    let fields: VersionFields
    private let engine: ChunkEngine
    private let source: Source

    enum Source {
        /// All bytes of an inline object.
        case bytes(ByteBuffer)
        /// Nil for an empty object.
        case content(ContentPin?)
    }

    init(
        _ key: ObjectKey,
        _ storedKey: [UInt8],
        _ record: VersionRecord,
        _ engine: ChunkEngine,
        _ source: Source
    ) {
        self.info = record.info(key: key)
        self.storedKey = storedKey
        self.content = record.content
        self.fields = record.fields
        self.engine = engine
        self.source = source
    }

    func read(_ range: Range<UInt64>) -> any ObjectBody {
        precondition(range.upperBound <= info.size, "a range inside the object")
        switch source {
        case .bytes(let bytes): return BufferBody(Self.slice(bytes, range))
        case .content(let pin): return engine.read(content, range, pin: pin)
        }
    }

    func readIfCached(_ range: Range<UInt64>) -> ByteBuffer? {
        precondition(range.upperBound <= info.size, "a range inside the object")
        switch source {
        case .bytes(let bytes): return Self.slice(bytes, range)
        case .content: return engine.readIfCached(content, range)
        }
    }

    func prefetch() {
        if case .content(let pin) = source { engine.prefetch(content, pin: pin) }
    }

    func part(_ number: Int) async throws(StoreError) -> (range: Range<UInt64>, checksum: ChecksumValue?)? {
        guard content.kind == .assembly else {
            // A multipart object of nothing but empty parts has no assembly.
            guard (1...max(1, Int(info.partCount))).contains(number) else { return nil }
            return (0..<info.size, info.checksums.first)
        }
        let parts = try await engine.assemblyParts(content)
        guard parts.indices.contains(number - 1) else { return nil }
        let start = parts.prefix(number - 1).reduce(0) { $0 + $1.content.size }
        let part = parts[number - 1]
        return (start..<start + part.content.size, part.checksum)
    }

    private static func slice(_ bytes: ByteBuffer, _ range: Range<UInt64>) -> ByteBuffer {
        guard let slice = bytes.getSlice(at: bytes.readerIndex + Int(range.lowerBound), length: range.count) else {
            preconditionFailure("an inline record has the object's size")
        }
        return slice
    }
}
