// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import NIOCore
import StorageTypes

extension ContentWriter {
    /// Hashes and encodes a content that goes inline, on the caller's thread.
    static func stageSmall(_ buffer: ByteBuffer?, _ request: DigestRequest) -> StagedContent {
        guard let buffer, buffer.readableBytes > 0 else {
            return stage(UnsafeRawBufferPointer(start: nil, count: 0), request)
        }
        return buffer.withUnsafeReadableBytes { stage($0, request) }
    }

    private static func stage(_ bytes: UnsafeRawBufferPointer, _ request: DigestRequest) -> StagedContent {
        let sha256 = request.sha256 || request.checksum == .sha256 ? SHA256.hash(bytes) : nil
        var checksum: RunningChecksum?
        if let algorithm = request.checksum, algorithm != .sha256, algorithm != .md5 {
            checksum = RunningChecksum(algorithm)
            checksum?.update(bytes)
        }
        let md5 = MD5.hash(bytes)
        let digests = StreamDigests(
            entityTag: ETag(bytes: md5),
            md5: md5,
            sha256: sha256,
            checksum: checksum?.finalize(),
            request: request
        )
        let record = InlineRecord.encode(byteCount: bytes.count) { $0.copyMemory(from: bytes) }
        return StagedContent(
            size: UInt64(bytes.count),
            entityTag: digests.entityTag,
            md5: digests.md5,
            sha256: digests.sha256,
            checksum: digests.checksum,
            body: bytes.isEmpty ? .empty : .inline(record)
        )
    }
}
