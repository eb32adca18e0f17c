// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The name of a multipart upload: when it began, in nanoseconds, and 64 random bits.
///
/// Clients see 32 hexadecimal digits. Time first makes a listing by identifier a listing by initiation.
package struct UploadID: Sendable, Hashable {
    package static let byteCount = 16

    package let time: UInt64
    package let random: UInt64

    package init(time: UInt64, random: UInt64) {
        self.time = time
        self.random = random
    }

    /// - Parameter bytes: exactly 16 bytes.
    package init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == Self.byteCount, "an upload identifier holds 16 bytes")
        var words: (UInt64, UInt64) = (0, 0)
        for byte in bytes {
            words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte))
        }
        self.init(time: words.0, random: words.1)
    }

    /// Reads what `string` shows; nil for anything else.
    package init?(_ text: String) {
        guard let bytes = Hex.decode(text.utf8), bytes.count == Self.byteCount else { return nil }
        self.init(bytes: bytes)
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: (time.bigEndian, random.bigEndian)) { [UInt8]($0) }
    }

    package var string: String { Hex.encode(bytes) }
}
