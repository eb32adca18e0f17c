// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A SHA-256: the identity of a chunk, of a blob and of a signed payload alike.
package struct SHA256Digest: Sendable, Hashable, Comparable {
    /// The digest as four big-endian words, so that comparing and hashing need no loop over bytes.
    package let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter bytes: exactly 32 bytes.
    package init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 32, "a SHA-256 holds 32 bytes")
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { words in
            bytes.withBytes { words.copyBytes(from: $0) }
        }
        self.init(words: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian))
    }

    package init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)) {
            [UInt8]($0)
        }
    }

    package var hex: String { Hex.encode(bytes) }

    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
        left.words.0 == right.words.0 && left.words.1 == right.words.1 && left.words.2 == right.words.2
            && left.words.3 == right.words.3
    }

    package static func < (left: SHA256Digest, right: SHA256Digest) -> Bool {
        left.words < right.words
    }

    package func hash(into hasher: inout Hasher) {
        // The digest is uniformly distributed already: one word is as good as four.
        hasher.combine(words.0)
    }
}
