// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The name of immutable content: an algorithm and the hash in lower-case hexadecimal (`spec/registry.md` §1.1).
package struct OCIDigest: Sendable, Hashable, CustomStringConvertible {
    /// The algorithms the registry can compute. A new one (blake3) is one more case here and in the hasher.
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case sha256
        case sha512

        package var byteCount: Int {
            switch self {
            case .sha256: 32
            case .sha512: 64
            }
        }
    }

    package let algorithm: Algorithm
    package let hex: String

    /// Nil when the text is malformed, or names an algorithm that is not supported: one answer serves both.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else { return nil }
        let hex = text[text.utf8.index(after: colon)...]
        guard hex.utf8.count == 2 * algorithm.byteCount, hex.utf8.allSatisfy(Self.isLowercaseHex) else { return nil }
        self.algorithm = algorithm
        self.hex = String(hex)
    }

    /// - Parameter bytes: as many as the algorithm makes.
    package init(_ algorithm: Algorithm, bytes: some Collection<UInt8>) {
        precondition(bytes.count == algorithm.byteCount, "a \(algorithm.rawValue) holds \(algorithm.byteCount) bytes")
        self.algorithm = algorithm
        self.hex = Hex.encode(bytes)
    }

    package var description: String { algorithm.rawValue + ":" + hex }

    /// The hash as bytes.
    package var bytes: [UInt8] { Hex.decode(hex.utf8) ?? [] }

    private static func isLowercaseHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
