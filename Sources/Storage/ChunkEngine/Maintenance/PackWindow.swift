// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import StorageTypes

/// Reads packs from front to back in long pieces past the page cache.
///
/// What maintenance looks at once must not push out what clients read, and a scrub is to see what the device has. One job at a time;
/// holds a mebibyte once it has read.
final class PackWindow {
    /// A frame, or what lies before one in its group, wherever in a page it begins.
    private static let byteCountMax =
        PackRun.pageEnd(PackFormat.groupDistanceMax + PackFormat.frameHeaderByteCount) + PackRun.pageByteCount

    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: byteCountMax,
        alignment: PackRun.pageByteCount
    )
    private var file: (any File)?
    private var range: Range<UInt64> = 0..<0

    deinit {
        memory.deallocate()
    }

    /// Bytes of the file from `offset` on, fewer only at its end; valid until the next call. Blocks.
    func bytes(_ count: Int, at offset: UInt64, of file: any File) throws(StoreError) -> UnsafeRawBufferPointer {
        let end = offset + UInt64(count)
        if self.file !== file || offset < range.lowerBound || end > range.upperBound {
            self.file = nil
            range = try load(offset..<end, of: file)
            self.file = file
        }
        let wanted = (offset..<end).clamped(to: range)
        let first = Int(wanted.lowerBound - range.lowerBound)
        return UnsafeRawBufferPointer(rebasing: memory[first..<first + wanted.count])
    }

    private func load(_ wanted: Range<UInt64>, of file: any File) throws(StoreError) -> Range<UInt64> {
        let start = wanted.lowerBound.roundedDown(toMultipleOf: UInt64(PackRun.pageByteCount))
        do throws(FileSystemError) {
            return start..<start + UInt64(try file.readPastCache(into: memory, at: start))
        } catch {
            // What the device can't read may be somebody else's.
            let pages = PackRun.pageEnd(Int(wanted.upperBound - start))
            return try StorageCall.files { () throws(FileSystemError) in
                start..<start + UInt64(try file.readPastCache(into: .init(rebasing: memory[..<pages]), at: start))
            }
        }
    }
}
