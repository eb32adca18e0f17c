// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The keys of the tables the engine owns; numbers are big-endian, so that they sort.
///
/// | table | key | value |
/// | --- | --- | --- |
/// | system | `F` | `StoreFormat` |
/// | system | `G` | `SequenceRecord` |
/// | system | `J` content⁸ | join marker: the parts of this assembly are recipes of their own |
/// | system | `P` pack⁴ | `PackRecord` |
/// | system | `Q` pack⁴ offset⁸ | `QuarantineRecord` |
/// | system | `R` content⁸ | reclaim entry: nobody refers to this recipe or assembly any more |
/// | system | `S` | `ScrubRecord` |
/// | system | `W` content⁸ | pending marker: a recipe that an upload is still writing |
/// | contents | content⁸ `0` | `ContentHead` |
/// | contents | content⁸ `1` segment⁴ | `RecipeSegment` or `AssemblySegment` |
/// | chunks | digest³² | `ChunkRecord` |
/// | inline | content⁸ | `InlineRecord` |
///
/// Any other first byte in table `system` is free for the targets above.
package enum EngineKeys {
    package static let format: [UInt8] = [0x46]
    package static let sequence: [UInt8] = [0x47]

    package static let scrub: [UInt8] = [0x53]

    package static let joinPrefix: UInt8 = 0x4a
    package static let packPrefix: UInt8 = 0x50
    package static let quarantinePrefix: UInt8 = 0x51
    package static let reclaimPrefix: UInt8 = 0x52
    package static let pendingPrefix: UInt8 = 0x57

    /// The value of join markers, reclaim entries and pending markers: the format version alone.
    package static let markerValue: [UInt8] = [1]

    package static func pack(_ id: UInt32) -> [UInt8] {
        key(packPrefix, id)
    }

    package static func quarantine(pack: UInt32, offset: UInt64) -> [UInt8] {
        key(quarantinePrefix, pack) + bytes(offset)
    }

    package static func join(_ assembly: UInt64) -> [UInt8] {
        key(joinPrefix, assembly)
    }

    package static func reclaim(_ content: UInt64) -> [UInt8] {
        key(reclaimPrefix, content)
    }

    package static func pending(_ content: UInt64) -> [UInt8] {
        key(pendingPrefix, content)
    }

    /// Keys with that first byte: `lower..<upper`.
    package static func range(of prefix: UInt8) -> (lower: [UInt8], upper: [UInt8]) {
        ([prefix], [prefix + 1])
    }

    package static func head(_ content: UInt64) -> [UInt8] {
        var key = bytes(content)
        key.append(0)
        return key
    }

    package static func segment(_ content: UInt64, _ index: UInt32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 13) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw.storeBytes(of: content.bigEndian, as: UInt64.self)
            raw[8] = 1
            raw.storeBytes(of: index.bigEndian, toByteOffset: 9, as: UInt32.self)
            count = 13
        }
    }

    /// All segments of a content: `lower..<upper`.
    package static func segments(_ content: UInt64) -> (lower: [UInt8], upper: [UInt8]) {
        let id = bytes(content)
        return (id + [1], id + [2])
    }

    package static func inline(_ content: UInt64) -> [UInt8] {
        bytes(content)
    }

    /// The content a key of table `inline` names; nil when the length is another.
    package static func inlineContent(in key: [UInt8]) -> UInt64? {
        key.count == 8 ? key.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }

    package static func chunk(_ digest: SHA256Digest) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            digest.store(to: UnsafeMutableRawBufferPointer(buffer))
            count = 32
        }
    }

    /// Reads the number behind the first byte of a pack, join, reclaim or pending key; nil when the length is another.
    package static func number<Integer: FixedWidthInteger>(
        in key: some Collection<UInt8>,
        as type: Integer.Type
    ) -> Integer? {
        guard key.count == 1 + Integer.bitWidth / 8 else { return nil }
        return key.dropFirst().reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
    }

    /// What a key of table `contents` names; `segment` nil for the head.
    ///
    /// Not generic: a check of the store asks it of every content three times, and nothing specialises across targets.
    package static func content(in key: [UInt8]) -> (id: UInt64, segment: UInt32?)? {
        guard key.count == 9 || key.count == 13, key[8] == (key.count == 9 ? 0 : 1) else { return nil }
        return key.withUnsafeBytes { raw in
            let id = UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self))
            guard raw.count == 13 else { return (id, nil) }
            return (id, UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 9, as: UInt32.self)))
        }
    }

    private static func bytes<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }

    private static func key<Integer: FixedWidthInteger>(_ prefix: UInt8, _ value: Integer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 1 + Integer.bitWidth / 8) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw[0] = prefix
            raw.storeBytes(of: value.bigEndian, toByteOffset: 1, as: Integer.self)
            count = 1 + Integer.bitWidth / 8
        }
    }
}

extension SHA256Digest {
    /// Loads 32 bytes without going through an array.
    package init(loading bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= 32, "a SHA-256 holds 32 bytes")
        self.init(
            words: (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            )
        )
    }

    /// Stores 32 bytes at the start of `bytes`.
    package func store(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
        bytes.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }
}
