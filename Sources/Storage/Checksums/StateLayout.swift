// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The common shape of a stored SHA-2 state: eight big-endian words, a little-endian byte count, one block of tail.
struct StateLayout {
    let wordByteCount: Int
    let blockByteCount: Int

    private static let wordCount = 8
    private static let countByteCount = 8
    /// Beyond it the length in bits, which the padding ends with, no longer fits in 64 bits.
    private static let hashedByteCountMax: UInt64 = 1 << 61 - 1

    private var countOffset: Int { Self.wordCount * wordByteCount }
    private var bufferOffset: Int { countOffset + Self.countByteCount }
    var byteCount: Int { bufferOffset + blockByteCount }

    func isValid(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == byteCount else { return false }
        let count = hashedByteCount(bytes)
        guard count <= Self.hashedByteCountMax else { return false }
        return buffer(bytes).dropFirst(Int(count % UInt64(blockByteCount))).allSatisfy { $0 == 0 }
    }

    func encode(words: UnsafeBufferPointer<some FixedWidthInteger>, count: UInt64, tail: UnsafeRawBufferPointer)
        -> [UInt8]
    {
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        for word in words {
            withUnsafeBytes(of: word.bigEndian) { result.append(contentsOf: $0) }
        }
        withUnsafeBytes(of: count.littleEndian) { result.append(contentsOf: $0) }
        result.append(contentsOf: tail.prefix(Int(count % UInt64(blockByteCount))))
        result.append(contentsOf: repeatElement(0, count: byteCount - result.count))
        return result
    }

    func decodeWords<Word: FixedWidthInteger>(_ bytes: [UInt8], into words: UnsafeMutableBufferPointer<Word>) {
        for index in 0..<Self.wordCount {
            words[index] = bytes[index * wordByteCount..<(index + 1) * wordByteCount].reduce(0) { $0 << 8 | Word($1) }
        }
    }

    func hashedByteCount(_ bytes: [UInt8]) -> UInt64 {
        bytes[countOffset..<bufferOffset].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func buffer(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes[bufferOffset...]
    }
}
