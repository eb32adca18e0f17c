// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A repository's name: path components of lower-case letters, digits and single separators (`spec/registry.md` §1.1).
///
/// A component never begins with `_`, so names of the registry's own (`_catalog`, `_manifests`) can't collide with it.
package struct RepositoryName: Sendable, Hashable, CustomStringConvertible {
    /// Clients cap host, slash and name together at about this.
    package static let byteCountMax = 255
    package static let componentCountMax = 32

    package let string: String

    /// Nil when the grammar or a limit is broken.
    package init?(_ string: some StringProtocol) {
        guard Self.isValid(string.utf8) else { return nil }
        self.string = String(string)
    }

    package var description: String { string }

    /// `component *( "/" component )` with `component = run *( separator run )`, `run = 1*[a-z0-9]` and
    /// `separator = "." / "_" / "__" / 1*"-"`.
    private static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= byteCountMax else { return false }
        var componentCount = 1
        var separator = Separator.start
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                separator = .none
            case UInt8(ascii: "/"):
                guard separator == .none else { return false }
                componentCount += 1
                separator = .start
            case UInt8(ascii: "."):
                guard separator == .none else { return false }
                separator = .closed
            case UInt8(ascii: "_"):
                guard separator == .none || separator == .underscore else { return false }
                separator = separator == .none ? .underscore : .closed
            case UInt8(ascii: "-"):
                guard separator == .none || separator == .hyphens else { return false }
                separator = .hyphens
            default:
                return false
            }
        }
        return separator == .none && componentCount <= componentCountMax
    }

    /// What stands between the last alphanumeric byte and the next one.
    private enum Separator {
        case none, start, underscore, hyphens, closed
    }
}
