// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Where the bytes of a version or of a part are: 17 bytes inside version, part and assembly records.
package struct ContentReference: Sendable, Hashable {
    /// Raw values are on disk: never reuse one.
    package enum Kind: UInt8, Sendable, Hashable {
        /// No bytes, nothing stored, `id` 0.
        case empty = 0
        /// Up to 16 KiB in table `inline`; has one owner, never a count.
        case inline = 1
        /// A list of chunks; counted.
        case recipe = 2
        /// A list of empty, inline or recipe contents, or of stretches: the parts of a multipart object; counted.
        case assembly = 3
        /// A part of an assembly that is a stretch of one recipe of all its parts, the one with this `id`: what lies there where the
        /// part lies in the assembly. Each counts as a reference to the recipe.
        case stretch = 4
    }

    package static let encodedByteCount = 17
    package static let empty = ContentReference(kind: .empty, id: 0, size: 0)

    package let kind: Kind
    package let id: UInt64
    /// Plain bytes.
    package let size: UInt64

    package init(kind: Kind, id: UInt64, size: UInt64) {
        self.kind = kind
        self.id = id
        self.size = size
    }

    package init(from reader: inout RecordReader) throws(DecodeError) {
        let start = reader.offset
        guard let kind = Kind(rawValue: try reader.fixed(UInt8.self)) else {
            throw DecodeError(.invalidValue, at: start)
        }
        let id = try reader.fixed(UInt64.self)
        let size = try reader.fixed(UInt64.self)
        guard let reference = Self(kind: kind, storedID: id, size: size) else {
            throw DecodeError(.invalidValue, at: start)
        }
        self = reference
    }

    /// Takes fields read from disk; nil when they contradict each other.
    package init?(kind: Kind, storedID id: UInt64, size: UInt64) {
        switch kind {
        case .empty: guard id == 0, size == 0 else { return nil }
        case .inline, .recipe, .stretch: guard size > 0 else { return nil }
        case .assembly: break  // of nothing but empty parts, for one
        }
        self.init(kind: kind, id: id, size: size)
    }

    package func encode(into writer: inout RecordWriter) {
        writer.fixed(kind.rawValue)
        writer.fixed(id)
        writer.fixed(size)
    }
}
