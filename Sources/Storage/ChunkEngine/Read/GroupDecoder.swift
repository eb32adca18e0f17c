// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// Decompresses the frames of a group, from the first one on.
struct GroupDecoder {
    private let decompressor: Decompressor
    /// A frame was intact but no piece of the stream: none can follow.
    private(set) var isBroken = false
    /// Of the frames so far.
    private(set) var byteCount = 0
    /// Of what they hold.
    private(set) var plainByteCount = 0

    /// - Parameter output: `PackFormat.groupPlainByteCountMax` bytes, lent for as long as frames come.
    init(_ decompressor: Decompressor, into output: UnsafeMutableRawBufferPointer) {
        self.decompressor = decompressor
        decompressor.begin(output)
    }

    /// Takes the frames that follow those so far in the pack, one behind the other.
    ///
    /// - Returns: their headers, and where their plain bytes are in the output. Ends before what is not the group's next frame, or
    ///   not intact.
    mutating func append(_ frames: UnsafeRawBufferPointer) -> [(header: FrameHeader, plain: Range<Int>)] {
        var taken: [(header: FrameHeader, plain: Range<Int>)] = []
        var rest = frames[...]
        while !isBroken, let header = FrameHeader(verifying: UnsafeRawBufferPointer(rebasing: rest)),
            header.encoding == .grouped, Int(header.groupDistance) == byteCount
        {
            let payload = rest.dropFirst(PackFormat.frameHeaderByteCount).prefix(Int(header.encodedByteCount))
            guard let plain = decompressor.next(UnsafeRawBufferPointer(rebasing: payload)),
                plain.count == Int(header.plainByteCount)
            else {
                isBroken = true
                break
            }
            taken.append((header, plain))
            rest = rest.dropFirst(Int(header.frameByteCount))
            byteCount += Int(header.frameByteCount)
            plainByteCount = plain.upperBound
        }
        return taken
    }
}
