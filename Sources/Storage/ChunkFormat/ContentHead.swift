// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The counted identity of a recipe or an assembly; what it consists of is in its segments.
package struct ContentHead: Sendable, Hashable {
    static let version: UInt8 = 1

    /// `recipe` or `assembly`.
    package var kind: ContentReference.Kind
    /// Versions, parts and assemblies that point at it; 0 only beside a reclaim entry.
    package var referenceCount: UInt64
    /// Plain bytes.
    package var size: UInt64
    package var segmentCount: UInt32
    /// Chunks of a recipe, parts of an assembly.
    package var entryCount: UInt64

    package init(
        kind: ContentReference.Kind,
        referenceCount: UInt64,
        size: UInt64,
        segmentCount: UInt32,
        entryCount: UInt64
    ) {
        precondition(kind == .recipe || kind == .assembly, "only recipes and assemblies are counted")
        self.kind = kind
        self.referenceCount = referenceCount
        self.size = size
        self.segmentCount = segmentCount
        self.entryCount = entryCount
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.version)
        guard let kind = ContentReference.Kind(rawValue: try reader.fixed(UInt8.self)),
            kind == .recipe || kind == .assembly
        else { throw DecodeError(.invalidValue, at: 1) }
        guard try reader.fixed(UInt16.self) == 0 else { throw DecodeError(.invalidValue, at: 2) }
        self.kind = kind
        referenceCount = try reader.fixed(UInt64.self)
        size = try reader.fixed(UInt64.self)
        segmentCount = try reader.fixed(UInt32.self)
        entryCount = try reader.fixed(UInt64.self)
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 32)
        writer.fixed(Self.version)
        writer.fixed(kind.rawValue)
        writer.fixed(UInt16(0))
        writer.fixed(referenceCount)
        writer.fixed(size)
        writer.fixed(segmentCount)
        writer.fixed(entryCount)
        return writer.bytes
    }
}
