// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

extension SHA512 {
    /// A SHA-512 that stopped somewhere, as 200 bytes that mean the same on every machine and in every release.
    ///
    /// | Offset | Size | Meaning |
    /// | ---: | ---: | --- |
    /// | 0 | 64 | H0…H7 of FIPS 180-4 after the last whole block, each big-endian |
    /// | 64 | 8 | bytes hashed so far, little-endian |
    /// | 72 | 128 | the last `count mod 128` of them, which are no whole block yet; then zeros |
    package struct State: Sendable, Hashable {
        package static let byteCount = 200

        package let bytes: [UInt8]

        /// Nil unless it has the layout above: the length, fewer than 2^61 bytes hashed, zeros behind the tail.
        package init?(bytes: [UInt8]) {
            let layout = StateLayout(wordByteCount: 8, blockByteCount: SHA512.blockByteCount)
            guard layout.isValid(bytes) else { return nil }
            self.bytes = bytes
        }

        fileprivate init(trusted bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// How many bytes were hashed: where the rest of the content begins.
        package var hashedByteCount: UInt64 {
            StateLayout(wordByteCount: 8, blockByteCount: SHA512.blockByteCount).hashedByteCount(bytes)
        }
    }

    /// Everything needed to go on later; O(1).
    package var state: State {
        let layout = StateLayout(wordByteCount: 8, blockByteCount: Self.blockByteCount)
        return withUnsafeBytes(of: context.h) { words in
            withUnsafeBytes(of: context.u) { data in
                let words = words.bindMemory(to: UInt64.self)
                // Nl counts bits. Its upper half, Nh, stays zero below 2^61 bytes, which no content reaches.
                return State(trusted: layout.encode(words: words, count: UInt64(context.Nl) / 8, tail: data))
            }
        }
    }

    /// Goes on where `state` was taken.
    package init(_ state: State) {
        self.init()
        let layout = StateLayout(wordByteCount: 8, blockByteCount: Self.blockByteCount)
        let count = state.hashedByteCount
        withUnsafeMutableBytes(of: &context.h) { layout.decodeWords(state.bytes, into: $0.bindMemory(to: UInt64.self)) }
        withUnsafeMutableBytes(of: &context.u) { $0.copyBytes(from: layout.buffer(state.bytes)) }
        context.Nl = .init(count * 8)
        context.num = UInt32(count % UInt64(Self.blockByteCount))
    }
}
