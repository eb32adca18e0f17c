// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import StorageTypes

/// Reads the chunks of packs in the order of their frames, and verifies them.
///
/// What was decompressed of a group stays until a chunk of another comes, so that each piece is decompressed once. One job at a
/// time; holds 2 to 4 MiB.
final class PlainFrames {
    private struct Group {
        let pack: UInt32
        /// Of the first frame.
        let offset: UInt64
        var decoder: GroupDecoder
    }

    private let runs: PackRunPool
    private let decompressor: Decompressor
    /// The frame as it is.
    private let frame: PackRun
    /// Frames of its group before it.
    private let earlier: PackRun
    private let plain = Block(start: 0, byteCount: PackFormat.chunkByteCountMax)
    private var group: Group?

    init(_ runs: PackRunPool) throws(StoreError) {
        guard let decompressor = Decompressor() else {
            throw StoreError(.unavailable, diagnosis: "no memory for a decompression context")
        }
        self.runs = runs
        self.decompressor = decompressor
        frame = runs.take()
        earlier = runs.take()
    }

    deinit {
        runs.giveBack(frame)
        runs.giveBack(earlier)
    }

    /// Whether the chunk could be read: its own frame verifies, and those of its group that reading it takes.
    func isIntact(_ chunk: IndexedChunk, in file: any File) throws(StoreError) -> Bool {
        guard let header = try load(chunk, from: file) else { return false }
        guard header.encoding == .grouped else { return true }
        return try decode(header, chunk, from: file) != nil
    }

    /// The chunk's bytes, valid until the next call; nil when they can't be had. Their SHA-256 is not compared.
    func bytes(of chunk: IndexedChunk, in file: any File) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard let header = try load(chunk, from: file) else { return nil }
        return try decode(header, chunk, from: file)
    }

    private func load(_ chunk: IndexedChunk, from file: any File) throws(StoreError) -> FrameHeader? {
        frame.removeAll()
        return try FrameCheck.load(chunk, from: file, into: frame)
    }

    private func decode(
        _ header: FrameHeader,
        _ chunk: IndexedChunk,
        from file: any File
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        let payload = UnsafeRawBufferPointer(rebasing: frame.bytes[PackFormat.frameHeaderByteCount...])
        switch header.encoding {
        case .plain:
            return payload
        case .zstd:
            group = nil
            let output = UnsafeMutableRawBufferPointer(rebasing: plain.memory[..<Int(header.plainByteCount)])
            return decompressor.decompress(payload, into: output) ? UnsafeRawBufferPointer(output) : nil
        case .grouped:
            try advanceGroup(to: header, of: chunk, in: file)
            return group?.decoder.append(frame.bytes).last.map { plain.bytes($0.plain) }
        }
    }

    /// Decompresses what of the chunk's group lies before it and was not yet. What can't be leaves the decoder in front of it,
    /// where it does not take the chunk's own frame.
    private func advanceGroup(to header: FrameHeader, of chunk: IndexedChunk, in file: any File) throws(StoreError) {
        let (pack, end) = (chunk.record.pack, chunk.record.offset)
        guard end >= UInt64(header.groupDistance) else { return group = nil }
        let offset = end - UInt64(header.groupDistance)
        if group?.pack != pack || group?.offset != offset || Int(header.groupDistance) < group?.decoder.byteCount ?? 0 {
            let output = UnsafeMutableRawBufferPointer(rebasing: plain.memory[..<PackFormat.groupPlainByteCountMax])
            group = Group(pack: pack, offset: offset, decoder: GroupDecoder(decompressor, into: output))
        }
        guard let start = group?.decoder.byteCount, start < Int(header.groupDistance) else { return }
        earlier.removeAll()
        let memory = earlier.room(Int(header.groupDistance) - start)
        let count = try StorageCall.files { () throws(FileSystemError) in
            try file.read(into: memory, at: offset + UInt64(start))
        }
        _ = group?.decoder.append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
    }
}
