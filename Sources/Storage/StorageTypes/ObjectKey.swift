// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The name of an object inside its bucket: 1 to 1,024 bytes of UTF-8, opaque and compared as bytes.
///
/// Bytes and not a `String`, because S3 orders keys by their UTF-8 bytes and keeps canonically equivalent
/// spellings apart, and `String` does neither.
package struct ObjectKey: Sendable, Hashable, Comparable {
    package static let byteCountMax = 1_024

    package let bytes: [UInt8]

    /// - Throws: `keyTooLong` above 1,024 bytes, `invalidURI` for bytes that are not UTF-8 or an empty key.
    package init(bytes: [UInt8]) throws(StoreError) {
        guard bytes.count <= Self.byteCountMax else {
            throw StoreError(.keyTooLong, details: .size(actual: UInt64(bytes.count), limit: UInt64(Self.byteCountMax)))
        }
        guard !bytes.isEmpty, String(validating: bytes, as: UTF8.self) != nil else {
            throw StoreError(.invalidURI)
        }
        self.bytes = bytes
    }

    package init(_ text: String) throws(StoreError) {
        try self.init(bytes: [UInt8](text.utf8))
    }

    /// Takes bytes that were a key before, read back from disk, without looking at them again.
    package init(stored bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var string: String {
        String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ObjectKey: CustomStringConvertible {
    package var description: String { string }
}
