// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import StorageTypes

/// Makes frames anew from frames, those of neighbours as groups. One job at a time.
struct Recompressor {
    private let compressor: GroupCompressor
    private let frames: PlainFrames

    init(_ engine: EngineParts, level: Int32) throws(StoreError) {
        guard let compressor = GroupCompressor(level: level) else {
            throw StoreError(.unavailable, diagnosis: "no memory for a compression context")
        }
        self.compressor = compressor
        frames = try PlainFrames()
    }

    /// Adds a new frame of the chunk to `run`, which gets no other frames, and returns its header; nil when the old one is damaged.
    ///
    /// The plain bytes have to have the chunk's SHA-256: a new checksum must not cover up old damage.
    func append(_ chunk: IndexedChunk, from file: any File, to run: PackRun) throws(StoreError) -> FrameHeader? {
        guard let bytes = try frames.bytes(of: chunk, in: file), SHA256.hash(bytes) == chunk.digest else { return nil }
        let room = run.room(PackFormat.frameHeaderByteCount + bytes.count)
        let target = UnsafeMutableRawBufferPointer(rebasing: room[PackFormat.frameHeaderByteCount...])
        let piece = compress(bytes, chunk, into: target)
        if piece == nil {
            compressor.endGroup()
            target.copyMemory(from: bytes)
        }
        let payload = UnsafeRawBufferPointer(rebasing: target[..<(piece?.byteCount ?? bytes.count)])
        let header = FrameHeader(
            encoding: piece == nil ? .plain : .grouped,
            plainByteCount: chunk.record.plainByteCount,
            encodedByteCount: UInt32(payload.count),
            xxh3: XXH3.hash64(payload),
            digest: chunk.digest,
            groupDistance: UInt32(piece?.groupDistance ?? 0)
        )
        header.encode(to: room)
        run.take(Int(header.frameByteCount))
        return header
    }

    /// Nil when the chunk is to be stored as it is.
    private func compress(
        _ bytes: UnsafeRawBufferPointer,
        _ chunk: IndexedChunk,
        into target: UnsafeMutableRawBufferPointer
    ) -> (byteCount: Int, groupDistance: Int)? {
        if chunk.record.encoding == .plain, CompressionGovernor.looksRandom(bytes) { return nil }
        return compressor.append(bytes, into: target)
    }
}

extension EngineParts {
    /// Compresses chunks again into the current pack of recompressed ones. Blocks.
    func recompressFrames(
        _ chunks: [IndexedChunk],
        outOf id: UInt32,
        level: Int32,
        _ purpose: SpaceGuard.Purpose
    ) throws(StoreError) -> FrameCopy {
        let recompressor = try Recompressor(self, level: level)
        return try writeAnew(chunks, outOf: id, to: .recompressed, purpose) { chunk, file, run throws(StoreError) in
            try recompressor.append(chunk, from: file, to: run)
        }
    }

    /// By how much the frames would become shorter, as a share of their bytes; negative when longer, nil when the device can read
    /// none of them. Blocks.
    func savedShare(of chunks: [IndexedChunk], in id: UInt32, level: Int32) throws(StoreError) -> Double? {
        let file = try file(ofPack: id)
        let recompressor = try Recompressor(self, level: level)
        let run = runs.take()
        defer { runs.giveBack(run) }
        var (before, after, isUnreadable) = (UInt64(0), UInt64(0), false)
        for chunk in chunks {
            run.removeAll()
            do throws(StoreError) {
                guard let header = try recompressor.append(chunk, from: file, to: run) else { continue }
                before += chunk.record.frameByteCount
                after += header.frameByteCount
            } catch {
                guard error.code == .ioFailure else { throw error }
                isUnreadable = true
            }
        }
        if before == 0 { return isUnreadable ? nil : 0 }
        return 1 - Double(after) / Double(before)
    }
}
