// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A name for a manifest that may move: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (`spec/registry.md` §1.1).
package struct Tag: Sendable, Hashable, CustomStringConvertible {
    package static let byteCountMax = 128

    package let string: String

    /// Nil when the grammar is broken.
    package init?(_ string: some StringProtocol) {
        let bytes = string.utf8
        guard let first = bytes.first, bytes.count <= Self.byteCountMax, Self.isWord(first) else { return nil }
        let isValid = bytes.allSatisfy { Self.isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        guard isValid else { return nil }
        self.string = String(string)
    }

    package var description: String { string }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
