// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import StorageTypes

/// Makes frames anew from frames. One job at a time.
struct Recompressor {
    private let engine: EngineParts
    private let compressor: Compressor
    /// Holds the frame as it is.
    private let source: PackRun
    private let plain = Block(start: 0, byteCount: PackFormat.chunkByteCountMax)

    init(_ engine: EngineParts, level: Int32) throws(StoreError) {
        guard let compressor = Compressor(level: level) else {
            throw StoreError(.unavailable, diagnosis: "no memory for a compression context")
        }
        self.engine = engine
        self.compressor = compressor
        source = engine.runs.take()
    }

    /// Gives back what was borrowed. The last call.
    func end() {
        engine.runs.giveBack(source)
    }

    /// Adds the shorter of the chunk's frame and a new one to `run` and returns its header; nil when the frame is damaged.
    ///
    /// The plain bytes have to have the chunk's SHA-256: a new checksum must not cover up old damage.
    func append(_ chunk: IndexedChunk, from file: any File, to run: PackRun) throws(StoreError) -> FrameHeader? {
        source.removeAll()
        guard let payload = try FrameCheck.load(chunk, from: file, into: source), let bytes = decode(payload, chunk),
            SHA256.hash(bytes) == chunk.digest
        else { return nil }
        let room = run.room(PackFormat.frameHeaderByteCount + bytes.count)
        let target = UnsafeMutableRawBufferPointer(rebasing: room[PackFormat.frameHeaderByteCount...])
        let header = compress(bytes, chunk, into: target) ?? chunk.header
        if header == chunk.header { target.copyMemory(from: payload) }
        header.encode(to: room)
        run.take(Int(header.frameByteCount))
        return header
    }

    private func decode(_ payload: UnsafeRawBufferPointer, _ chunk: IndexedChunk) -> UnsafeRawBufferPointer? {
        guard chunk.record.encoding == .zstd else { return payload }
        let output = UnsafeMutableRawBufferPointer(rebasing: plain.memory[..<Int(chunk.record.plainByteCount)])
        return engine.decompressors.decompress(payload, into: output) ? UnsafeRawBufferPointer(output) : nil
    }

    /// Nil when the frame can stay as it is.
    private func compress(
        _ bytes: UnsafeRawBufferPointer,
        _ chunk: IndexedChunk,
        into target: UnsafeMutableRawBufferPointer
    ) -> FrameHeader? {
        if chunk.record.encoding == .plain, CompressionGovernor.looksRandom(bytes) { return nil }
        guard let byteCount = compressor.compress(bytes, into: target), byteCount < chunk.record.encodedByteCount else {
            return nil
        }
        return FrameHeader(
            encoding: .zstd,
            plainByteCount: chunk.record.plainByteCount,
            encodedByteCount: UInt32(byteCount),
            xxh3: XXH3.hash64(UnsafeRawBufferPointer(rebasing: target[..<byteCount])),
            digest: chunk.digest
        )
    }
}

extension EngineParts {
    /// Compresses frames again into the current pack of recompressed ones. Blocks.
    func recompressFrames(_ chunks: [IndexedChunk], outOf id: UInt32, level: Int32) throws(StoreError) -> FrameCopy {
        let recompressor = try Recompressor(self, level: level)
        defer { recompressor.end() }
        return try writeAnew(chunks, outOf: id, to: .recompressed, .content) { chunk, file, run throws(StoreError) in
            try recompressor.append(chunk, from: file, to: run)
        }
    }

    /// By how much the frames would become shorter, as a share of their bytes. Blocks.
    func savedShare(of chunks: [IndexedChunk], in id: UInt32, level: Int32) throws(StoreError) -> Double {
        guard let file = try packFiles.file(id) else {
            throw StoreError(.corrupted, diagnosis: "\(PackFormat.fileName(id)) is missing")
        }
        let recompressor = try Recompressor(self, level: level)
        defer { recompressor.end() }
        let run = runs.take()
        defer { runs.giveBack(run) }
        var (before, after) = (UInt64(0), UInt64(0))
        for chunk in chunks {
            run.removeAll()
            guard let header = try recompressor.append(chunk, from: file, to: run) else { continue }
            before += chunk.record.frameByteCount
            after += header.frameByteCount
        }
        return before == 0 ? 0 : Double(before - after) / Double(before)
    }
}
