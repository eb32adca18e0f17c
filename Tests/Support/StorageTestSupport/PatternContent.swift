// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Bytes without end that follow from a seed; any range can be made without those before it.
package struct PatternContent: Sendable {
    private let seed: UInt64
    private let isCompressible: Bool

    /// Compressible content has two bits of surprise in eight: zstd makes it about a quarter.
    package init(seed: UInt64, isCompressible: Bool = false) {
        self.seed = seed
        self.isCompressible = isCompressible
    }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) {
        var index = 0
        while index < buffer.count {
            let position = offset + UInt64(index)
            let word = word(position / 8)
            let first = Int(position % 8)
            let count = min(8 - first, buffer.count - index)
            withUnsafeBytes(of: word.littleEndian) { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[index..<index + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[first..<first + count]))
            }
            index += count
        }
    }

    package func bytes(_ range: Range<UInt64>) -> [UInt8] {
        let count = Int(range.upperBound - range.lowerBound)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            fill(
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]),
                at: range.lowerBound
            )
            filled = count
        }
    }

    package func buffer(_ range: Range<UInt64>) -> ByteBuffer {
        ByteBuffer(bytes: bytes(range))
    }

    private func word(_ index: UInt64) -> UInt64 {
        let word = SplitMix64.mix(seed &+ (index &+ 1) &* SplitMix64.gamma)
        // Each byte one of four letters.
        return isCompressible ? (word & 0x0303_0303_0303_0303) | 0x6464_6464_6464_6464 : word
    }
}
