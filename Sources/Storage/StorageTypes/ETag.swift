// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// An object's entity tag: the MD5 of the content, or of the parts' MD5s with the number of parts.
///
/// `spec/s3.md` §4.1. Sixteen opaque bytes also serve encrypted objects, whose tag is not an MD5, and writes that ask for none
/// (`DigestRequest.md5`).
package struct ETag: Sendable, Hashable {
    /// 16 bytes.
    package let bytes: [UInt8]
    /// Zero for an object put in one piece; the number behind the dash otherwise.
    package let partCount: UInt32

    package init(bytes: [UInt8], partCount: UInt32 = 0) {
        precondition(bytes.count == 16, "an entity tag holds 16 bytes")
        self.bytes = bytes
        self.partCount = partCount
    }

    /// Reads `hex` or `hex-N`, with or without quotes; nil when it is neither.
    package init?(_ text: String) {
        var text = text[...]
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        let pieces = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let hex = pieces.first, let bytes = Hex.decode(hex.utf8), bytes.count == 16 else { return nil }
        var count: UInt32 = 0
        if pieces.count == 2 {
            guard let parsed = UInt32(pieces[1]), parsed > 0 else { return nil }
            count = parsed
        }
        self.init(bytes: bytes, partCount: count)
    }

    /// `hex` or `hex-N`, without quotes.
    package var string: String {
        partCount == 0 ? Hex.encode(bytes) : Hex.encode(bytes) + "-\(partCount)"
    }

    /// As headers and XML carry it.
    package var quoted: String { "\"" + string + "\"" }
}
