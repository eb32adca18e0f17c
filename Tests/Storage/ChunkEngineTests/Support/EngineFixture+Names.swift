// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes

extension EngineFixture {
    /// Stages bytes that arrive in pieces of `pieceByteCount`.
    func stage(
        _ bytes: [UInt8],
        pieceByteCount: Int = .max,
        digests: DigestRequest = DigestRequest(),
        announcesSize: Bool = true,
        chunking: Chunking = .contentDefined
    ) async throws -> StagedContent {
        let writer = engine.makeWriter(
            digests: digests,
            expectedSize: announcesSize ? UInt64(bytes.count) : nil,
            chunking: chunking
        )
        do {
            var rest = bytes[...]
            while !rest.isEmpty {
                try await writer.write(ByteBuffer(bytes: rest.prefix(pieceByteCount)))
                rest = rest.dropFirst(pieceByteCount)
            }
            return try await writer.finish()
        } catch {
            await writer.abandon()
            throw error
        }
    }

    /// Stores bytes under a name, in place of what was there.
    @discardableResult
    func put(
        _ name: String,
        _ bytes: [UInt8],
        announcesSize: Bool = true,
        chunking: Chunking = .contentDefined
    ) async throws -> ContentReference {
        let staged = try await stage(bytes, announcesSize: announcesSize, chunking: chunking)
        return try await engine.commit([staged]) { transaction throws(StoreError) in
            try transaction.release(name)
            let content = try transaction.adopt(staged)
            transaction.set(name, content)
            return content
        }
    }

    func delete(_ name: String) async throws {
        try await engine.commit { transaction throws(StoreError) in
            try transaction.release(name)
            transaction.delete(.objects, [UInt8](name.utf8))
        }
    }

    func copy(_ source: String, to target: String) async throws {
        try await engine.commit { transaction throws(StoreError) in
            guard let content = try transaction.reference(source) else { throw StoreError(.noSuchKey) }
            let copy = try transaction.duplicate(content)
            try transaction.release(target)
            transaction.set(target, copy)
        }
    }

    /// Makes contents the parts of one name, which takes them over from theirs.
    func assemble(_ names: [String], to target: String) async throws {
        try await engine.commit { transaction throws(StoreError) in
            var parts: [AssemblyPart] = []
            for (index, name) in names.enumerated() {
                guard let content = try transaction.reference(name) else { throw StoreError(.invalidPart) }
                parts.append(
                    AssemblyPart(
                        number: UInt32(index + 1),
                        content: content,
                        md5: [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 16),
                        checksum: nil
                    )
                )
                transaction.delete(.objects, [UInt8](name.utf8))
            }
            try transaction.release(target)
            transaction.set(target, try transaction.assemble(parts, joins: true))
        }
    }

    func reference(_ name: String) throws -> ContentReference? {
        try metadata.get(.objects, [UInt8](name.utf8)).map(Self.reference)
    }

    /// All bytes of a name, nil when there is none.
    func get(_ name: String) async throws -> [UInt8]? {
        guard let content = try reference(name) else { return nil }
        return try await read(content, 0..<content.size)
    }

    func read(_ content: ContentReference, _ range: Range<UInt64>) async throws -> [UInt8] {
        let body = engine.read(content, range)
        var result: [UInt8] = []
        while let piece = try await body.next() { result.append(contentsOf: piece.readableBytesView) }
        return result
    }

    func names() throws -> Set<String> {
        Set(try pairs(.objects).map { String(decoding: $0.key, as: UTF8.self) })
    }
}

extension CommitTransaction {
    func reference(_ name: String) throws(StoreError) -> ContentReference? {
        guard let value = try get(.objects, [UInt8](name.utf8)) else { return nil }
        return try? EngineFixture.reference(value)
    }

    mutating func set(_ name: String, _ content: ContentReference) {
        var writer = RecordWriter()
        content.encode(into: &writer)
        put(.objects, [UInt8](name.utf8), writer.bytes)
    }

    mutating func release(_ name: String) throws(StoreError) {
        if let content = try reference(name) { try release(content) }
    }
}
