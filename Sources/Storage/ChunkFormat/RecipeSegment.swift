// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// One chunk of a recipe: its identity, its length, and where it lay when the recipe was written.
///
/// The place is a hint that saves a look-up per chunk. It may be out of date after a compaction: a reader takes the frame
/// only if its header names the same digest, and asks the chunk index otherwise.
package struct RecipeEntry: Sendable, Hashable {
    package static let encodedByteCount = 48

    package let digest: SHA256Digest
    package let plainByteCount: UInt32
    package let encodedByteCount: UInt32
    package let pack: UInt32
    /// Of the frame's header; fits because a pack stays below 4 GiB.
    package let offset: UInt32

    package init(digest: SHA256Digest, plainByteCount: UInt32, encodedByteCount: UInt32, pack: UInt32, offset: UInt32) {
        self.digest = digest
        self.plainByteCount = plainByteCount
        self.encodedByteCount = encodedByteCount
        self.pack = pack
        self.offset = offset
    }
}

/// Up to 1,024 chunks of a recipe: about 64 MiB of content.
package struct RecipeSegment: Sendable, Hashable {
    package static let entryCountMax = 1_024
    static let version: UInt8 = 1
    private static let headerByteCount = 16

    /// Offset of the first chunk's first byte in the content.
    package let start: UInt64
    /// 1...1,024.
    package let entries: [RecipeEntry]

    package init(start: UInt64, entries: [RecipeEntry]) {
        precondition((1...Self.entryCountMax).contains(entries.count), "a segment holds 1 to 1,024 chunks")
        self.start = start
        self.entries = entries
    }

    /// Plain bytes in all.
    package var byteCount: UInt64 {
        entries.reduce(0) { $0 + UInt64($1.plainByteCount) }
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count >= Self.headerByteCount else { throw DecodeError(.truncated, at: bytes.count) }
        guard bytes[0] == Self.version else { throw DecodeError(.unsupportedVersion, at: 0) }
        guard bytes[1] == ContentReference.Kind.recipe.rawValue else { throw DecodeError(.invalidValue, at: 1) }
        let (count, reserved, start) = bytes.withUnsafeBytes { raw in
            (
                Int(raw.littleEndian(2, UInt16.self)), raw.littleEndian(4, UInt32.self),
                raw.littleEndian(8, UInt64.self)
            )
        }
        guard (1...Self.entryCountMax).contains(count) else { throw DecodeError(.invalidValue, at: 2) }
        guard reserved == 0 else { throw DecodeError(.invalidValue, at: 4) }
        let expected = Self.headerByteCount + count * RecipeEntry.encodedByteCount
        guard bytes.count >= expected else { throw DecodeError(.truncated, at: bytes.count) }
        guard bytes.count == expected else { throw DecodeError(.trailingBytes, at: expected) }
        let entries = bytes.withUnsafeBytes { raw in
            (0..<count).map { index in
                let base = Self.headerByteCount + index * RecipeEntry.encodedByteCount
                return RecipeEntry(
                    digest: SHA256Digest(loading: UnsafeRawBufferPointer(rebasing: raw[base..<base + 32])),
                    plainByteCount: raw.littleEndian(base + 32, UInt32.self),
                    encodedByteCount: raw.littleEndian(base + 36, UInt32.self),
                    pack: raw.littleEndian(base + 40, UInt32.self),
                    offset: raw.littleEndian(base + 44, UInt32.self)
                )
            }
        }
        let chunkMax = UInt32(PackFormat.chunkByteCountMax)
        for (index, entry) in entries.enumerated() {
            guard entry.plainByteCount >= 1, entry.plainByteCount <= chunkMax, entry.encodedByteCount >= 1,
                entry.encodedByteCount <= entry.plainByteCount
            else {
                throw DecodeError(.invalidValue, at: Self.headerByteCount + index * RecipeEntry.encodedByteCount + 32)
            }
        }
        guard start <= UInt64.max - UInt64(count) * UInt64(chunkMax) else { throw DecodeError(.invalidValue, at: 8) }
        self.init(start: start, entries: entries)
    }

    package var encoded: [UInt8] {
        let byteCount = Self.headerByteCount + entries.count * RecipeEntry.encodedByteCount
        return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw[0] = Self.version
            raw[1] = ContentReference.Kind.recipe.rawValue
            raw.storeBytes(of: UInt16(entries.count).littleEndian, toByteOffset: 2, as: UInt16.self)
            raw.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
            raw.storeBytes(of: start.littleEndian, toByteOffset: 8, as: UInt64.self)
            var base = Self.headerByteCount
            for entry in entries {
                entry.digest.store(to: UnsafeMutableRawBufferPointer(rebasing: raw[base..<base + 32]))
                raw.storeBytes(of: entry.plainByteCount.littleEndian, toByteOffset: base + 32, as: UInt32.self)
                raw.storeBytes(of: entry.encodedByteCount.littleEndian, toByteOffset: base + 36, as: UInt32.self)
                raw.storeBytes(of: entry.pack.littleEndian, toByteOffset: base + 40, as: UInt32.self)
                raw.storeBytes(of: entry.offset.littleEndian, toByteOffset: base + 44, as: UInt32.self)
                base += RecipeEntry.encodedByteCount
            }
            count = byteCount
        }
    }
}
