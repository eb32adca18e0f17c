// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import NIOCore
import StorageTypes

/// An object that was looked up.
///
/// An inline object's bytes are taken along at once, because an overwrite deletes them in its own commit; those of other
/// content stay on disk until the space is reclaimed.
final class StoredObject: OpenedObject {
    let info: ObjectInfo
    /// The key in table `objects` it was found under.
    let storedKey: [UInt8]
    let content: ContentReference
    let fields: VersionFields
    private let engine: ChunkEngine
    /// All bytes of an inline or empty object.
    private let bytes: ByteBuffer?

    init(key: ObjectKey, storedKey: [UInt8], record: VersionRecord, engine: ChunkEngine, bytes: ByteBuffer?) {
        self.info = record.info(key: key)
        self.storedKey = storedKey
        self.content = record.content
        self.fields = record.fields
        self.engine = engine
        self.bytes = bytes
    }

    func read(_ range: Range<UInt64>) -> any ObjectBody {
        precondition(range.upperBound <= info.size, "a range inside the object")
        if let slice = slice(range) { return BufferBody(slice) }
        return engine.read(content, range)
    }

    func readIfCached(_ range: Range<UInt64>) -> ByteBuffer? {
        precondition(range.upperBound <= info.size, "a range inside the object")
        return slice(range) ?? engine.readIfCached(content, range)
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

    private func slice(_ range: Range<UInt64>) -> ByteBuffer? {
        bytes?.getSlice(at: Int(range.lowerBound), length: range.count)
    }
}
