// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

extension SHA256 {
    /// A SHA-256 that stopped somewhere, as 104 bytes that mean the same on every machine and in every release.
    ///
    /// | Offset | Size | Meaning |
    /// | ---: | ---: | --- |
    /// | 0 | 32 | H0…H7 of FIPS 180-4 after the last whole block, each big-endian |
    /// | 32 | 8 | bytes hashed so far, little-endian |
    /// | 40 | 64 | the last `count mod 64` of them, which are no whole block yet; then zeros |
    ///
    /// It tells everything about the hashed bytes' hash and up to 63 of the bytes: store it where the content may be.
    package struct State: Sendable, Hashable {
        package static let byteCount = 104

        package let bytes: [UInt8]

        /// Nil unless it has the layout above: the length, fewer than 2^61 bytes hashed, zeros behind the tail.
        package init?(bytes: [UInt8]) {
            let layout = StateLayout(wordByteCount: 4, blockByteCount: SHA256.blockByteCount)
            guard layout.isValid(bytes) else { return nil }
            self.bytes = bytes
        }

        fileprivate init(trusted bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// How many bytes were hashed: where the rest of the content begins.
        package var hashedByteCount: UInt64 {
            StateLayout(wordByteCount: 4, blockByteCount: SHA256.blockByteCount).hashedByteCount(bytes)
        }
    }

    /// Everything needed to go on later; O(1).
    package var state: State {
        let layout = StateLayout(wordByteCount: 4, blockByteCount: Self.blockByteCount)
        let bitCount = UInt64(context.Nh) << 32 | UInt64(context.Nl)
        return withUnsafeBytes(of: context.h) { words in
            withUnsafeBytes(of: context.data) { data in
                let words = words.bindMemory(to: UInt32.self)
                return State(trusted: layout.encode(words: words, count: bitCount / 8, tail: data))
            }
        }
    }

    /// Goes on where `state` was taken.
    package init(_ state: State) {
        self.init()
        let layout = StateLayout(wordByteCount: 4, blockByteCount: Self.blockByteCount)
        let count = state.hashedByteCount
        withUnsafeMutableBytes(of: &context.h) { layout.decodeWords(state.bytes, into: $0.bindMemory(to: UInt32.self)) }
        withUnsafeMutableBytes(of: &context.data) { $0.copyBytes(from: layout.buffer(state.bytes)) }
        setHashedByteCount(count)
    }

    /// The length that the padding ends with, and how much of the last block is there.
    mutating func setHashedByteCount(_ count: UInt64) {
        context.Nl = UInt32(truncatingIfNeeded: count &* 8)
        context.Nh = UInt32(truncatingIfNeeded: count >> 29)
        context.num = UInt32(count % UInt64(Self.blockByteCount))
    }
}
