// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A bucket's name, valid by the rules of `spec/s3.md` §7.1.
package struct BucketName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let string: String

    /// - Throws: `invalidBucketName`.
    package init(_ string: String) throws(StoreError) {
        guard Self.isValid(string) else { throw StoreError(.invalidBucketName, details: .bucket(string)) }
        self.string = string
    }

    /// Takes a name that was valid when it was stored.
    package init(stored string: String) {
        self.string = string
    }

    package var description: String { string }

    package static func < (left: BucketName, right: BucketName) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    private static let reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
    private static let reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]

    private static func isValid(_ string: String) -> Bool {
        let bytes = Array(string.utf8)
        guard (3...63).contains(bytes.count) else { return false }
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        var previous: UInt8 = 0
        for byte in bytes {
            guard isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") else { return false }
            // ".." and a dot beside a hyphen make names that no certificate or resolver accepts.
            if byte == UInt8(ascii: "."), previous == UInt8(ascii: ".") || previous == UInt8(ascii: "-") {
                return false
            }
            if byte == UInt8(ascii: "-"), previous == UInt8(ascii: ".") { return false }
            previous = byte
        }
        return !isIPv4Literal(string) && !reservedPrefixes.contains(where: string.hasPrefix)
            && !reservedSuffixes.contains(where: string.hasSuffix)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isIPv4Literal(_ string: String) -> Bool {
        let parts = string.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }
}
