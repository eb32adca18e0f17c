// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import StorageTypes

/// Reads frames as they lie in a pack and compares them with the chunk index.
enum FrameCheck {
    static func hasPackHeader(_ file: any File, of id: UInt32) throws(StoreError) -> Bool {
        let memory = Block(start: 0, byteCount: PackFormat.headerByteCount)
        let count = try StorageCall.files { () throws(FileSystemError) in try file.read(into: memory.memory, at: 0) }
        return (try? PackHeader(decoding: memory.bytes(0..<count)))?.id == id
    }

    /// The payload of a chunk's frame, which is now the last one of `run`; nil when it is not intact. Valid until the next
    /// frame comes.
    static func load(
        _ chunk: IndexedChunk,
        from file: any File,
        into run: PackRun
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        let byteCount = Int(chunk.record.frameByteCount)
        let target = run.room(byteCount)
        let count = try StorageCall.files { () throws(FileSystemError) in
            try file.read(into: target, at: chunk.record.offset)
        }
        guard count == byteCount else { return nil }
        let frame = UnsafeRawBufferPointer(target)
        guard header(frame, chunk) != nil else { return nil }
        run.take(byteCount)
        return UnsafeRawBufferPointer(rebasing: frame[PackFormat.frameHeaderByteCount...])
    }

    /// The header of a frame that is, byte for byte, the one the record describes.
    static func header(_ frame: UnsafeRawBufferPointer, _ chunk: IndexedChunk) -> FrameHeader? {
        let record = chunk.record
        guard let header = try? FrameHeader(decoding: frame), header.digest == chunk.digest,
            header.encoding == record.encoding, header.plainByteCount == record.plainByteCount,
            header.encodedByteCount == record.encodedByteCount, header.xxh3 == record.xxh3,
            frame.count == Int(record.frameByteCount),
            XXH3.hash64(UnsafeRawBufferPointer(rebasing: frame[PackFormat.frameHeaderByteCount...])) == record.xxh3
        else { return nil }
        return header
    }

    /// Whether the plain bytes of a frame have the SHA-256 they are stored under.
    static func hasDigest(
        _ payload: UnsafeRawBufferPointer,
        _ chunk: IndexedChunk,
        _ decompressors: DecompressorPool
    ) -> Bool {
        switch chunk.record.encoding {
        case .plain:
            return SHA256.hash(payload) == chunk.digest
        case .zstd:
            let plain = Block(start: 0, byteCount: Int(chunk.record.plainByteCount))
            return decompressors.decompress(payload, into: plain.memory)
                && SHA256.hash(UnsafeRawBufferPointer(plain.memory)) == chunk.digest
        }
    }
}
