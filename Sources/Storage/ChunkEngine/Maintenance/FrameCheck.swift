// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

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

    /// What `read` finds; nil also for what the device can't read, or the file system does not let open: as good as damaged.
    static func unlessUnreadable<Value>(
        _ read: () throws(StoreError) -> Value?
    ) throws(StoreError) -> Value? {
        do throws(StoreError) {
            return try read()
        } catch {
            guard error.code == .ioFailure else { throw error }
            return nil
        }
    }

    /// A chunk's frame and its header; nil when it is not, byte for byte, the one that the record describes.
    ///
    /// - Returns: bytes of `window`.
    static func load(
        _ chunk: IndexedChunk,
        from file: any File,
        through window: PackWindow
    ) throws(StoreError) -> (header: FrameHeader, bytes: UnsafeRawBufferPointer)? {
        let record = chunk.record
        let byteCount = Int(record.frameByteCount)
        let bytes = try window.bytes(byteCount, at: record.offset, of: file)
        guard bytes.count == byteCount, let header = FrameHeader(verifying: bytes),
            header.digest == chunk.digest, header.encoding == record.encoding,
            header.plainByteCount == record.plainByteCount, header.encodedByteCount == record.encodedByteCount,
            header.xxh3 == record.xxh3
        else { return nil }
        return (header, bytes)
    }
}
