// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension MetadataReading {
    /// Nil for a content that is gone. Blocks.
    func contentHead(_ id: UInt64) throws(StoreError) -> ContentHead? {
        let bytes = try StorageCall.metadata { () throws(MetadataError) in try get(.contents, EngineKeys.head(id)) }
        guard let bytes else { return nil }
        return try ContentHead(bytes, of: id)
    }

    /// Nil for a chunk that is not in the index. Blocks.
    func chunkRecord(_ digest: SHA256Digest) throws(StoreError) -> ChunkRecord? {
        let bytes = try StorageCall.metadata { () throws(MetadataError) in try get(.chunks, EngineKeys.chunk(digest)) }
        guard let bytes else { return nil }
        return try ChunkRecord(bytes, of: digest)
    }
}

extension StoreError {
    /// Something refers to a chunk that has no record.
    static func notInIndex(_ digest: SHA256Digest) -> StoreError {
        StoreError(.corrupted, diagnosis: "chunk \(digest.hex) is not in the index")
    }
}

extension ContentHead {
    /// The value under the head's key.
    init(_ bytes: [UInt8], of content: UInt64) throws(StoreError) {
        self = try StorageCall.decoding("head of content \(content)") { () throws(DecodeError) in
            try ContentHead(decoding: bytes)
        }
    }
}

extension ChunkRecord {
    /// The value under the chunk's key.
    init(_ bytes: [UInt8], of digest: SHA256Digest) throws(StoreError) {
        self = try StorageCall.decoding("chunk \(digest.hex)") { () throws(DecodeError) in
            try ChunkRecord(decoding: bytes)
        }
    }
}
