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

    private let decompressor: Decompressor
    private let frames = PackWindow()
    /// Of a group, those before the chunk's own.
    private let earlier = PackWindow()
    private let plain = Block(start: 0, byteCount: PackFormat.chunkByteCountMax)
    private var group: Group?

    init() throws(StoreError) {
        guard let decompressor = Decompressor() else {
            throw StoreError(.unavailable, diagnosis: "no memory for a decompression context")
        }
        self.decompressor = decompressor
    }

    /// Whether the chunk could be read: its own frame verifies, and those of its group that reading it takes.
    func isIntact(_ chunk: IndexedChunk, in file: any File) throws(StoreError) -> Bool {
        guard let frame = try FrameCheck.load(chunk, from: file, through: frames) else { return false }
        guard frame.header.encoding == .grouped else { return true }
        return try decode(frame, chunk, from: file) != nil
    }

    /// The chunk's bytes, valid until the next call; nil when they can't be had. Their SHA-256 is not compared.
    func bytes(of chunk: IndexedChunk, in file: any File) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard let frame = try FrameCheck.load(chunk, from: file, through: frames) else { return nil }
        return try decode(frame, chunk, from: file)
    }

    private func decode(
        _ frame: (header: FrameHeader, bytes: UnsafeRawBufferPointer),
        _ chunk: IndexedChunk,
        from file: any File
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        let payload = UnsafeRawBufferPointer(rebasing: frame.bytes[PackFormat.frameHeaderByteCount...])
        switch frame.header.encoding {
        case .plain:
            return payload
        case .zstd:
            group = nil
            let output = UnsafeMutableRawBufferPointer(rebasing: plain.memory[..<Int(frame.header.plainByteCount)])
            return decompressor.decompress(payload, into: output) ? UnsafeRawBufferPointer(output) : nil
        case .grouped:
            try advanceGroup(to: frame.header, of: chunk, in: file)
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
        let missing = Int(header.groupDistance) - start
        let bytes = try earlier.bytes(missing, at: offset + UInt64(start), of: file)
        _ = group?.decoder.append(bytes)
    }
}
