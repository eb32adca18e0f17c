// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import StorageTypes

/// A content that was received and hashed; its packs are written, nothing refers to it yet.
///
/// Goes into `ChunkEngine.commit` once, or back with `ChunkEngine.discard`.
package struct StagedContent: Sendable {
    enum Body: Sendable {
        case empty
        /// An encoded `InlineRecord`.
        case inline([UInt8])
        case recipe(StagedRecipe)
    }

    /// Plain bytes.
    package let size: UInt64
    package let entityTag: ETag
    /// 16 bytes; when the request asked for it, and when it cost nothing.
    package let md5: [UInt8]?
    /// When the request asked for it, and when it cost nothing.
    package let sha256: SHA256Digest?
    package let checksum: ChecksumValue?
    let body: Body
}

/// A chunk as a stream staged it: identity, and the place of its frame.
struct StagedChunk: Sendable {
    let digest: SHA256Digest
    let encoding: ChunkEncoding
    let plainByteCount: UInt32
    let encodedByteCount: UInt32
    let xxh3: UInt64
    var pack: UInt32
    /// Of the frame's header.
    var offset: UInt64
    /// Found in the chunk index: there is nothing to insert.
    let isIndexed: Bool
    /// By a content that is joined: it has the chunk already, damaged or not.
    var isTakenOver = false

    var frameByteCount: UInt64 { UInt64(PackFormat.frameHeaderByteCount) + UInt64(encodedByteCount) }
}

extension StagedChunk {
    /// One that is in the chunk index.
    init(_ digest: SHA256Digest, _ record: ChunkRecord) {
        self.init(
            digest: digest,
            encoding: record.encoding,
            plainByteCount: record.plainByteCount,
            encodedByteCount: record.encodedByteCount,
            xxh3: record.xxh3,
            pack: record.pack,
            offset: record.offset,
            isIndexed: true
        )
    }
}

/// What is left to commit of a recipe: its last segments, the head, and the end of its marker.
struct StagedRecipe: Sendable {
    /// Set when segments were committed already.
    let id: UInt64?
    /// Segments under `id`.
    let segmentCount: UInt32
    /// Chunks in those segments.
    let entryCount: UInt64
    /// Offset of the first chunk of `chunks` in the content.
    let start: UInt64
    let chunks: [StagedChunk]
    let holds: ChunkHolds
}
