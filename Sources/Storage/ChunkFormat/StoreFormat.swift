// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The format record, key `F` of table `system`: which program may open this store.
package struct StoreFormat: Sendable, Hashable {
    /// What this program writes, and the only version it reads.
    package static let currentVersion: UInt32 = 1
    package static let encodedByteCount = 24
    /// "DRYDSTOR"
    static let magic: [UInt8] = [0x44, 0x52, 0x59, 0x44, 0x53, 0x54, 0x4f, 0x52]

    package let version: UInt32
    /// Nanoseconds since 1970, for people.
    package let created: Int64

    package init(version: UInt32 = StoreFormat.currentVersion, created: Int64) {
        self.version = version
        self.created = created
    }

    /// - Throws: `unsupportedVersion` for any other version: its remaining fields may mean anything.
    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        guard try reader.raw(8).elementsEqual(Self.magic) else { throw DecodeError(.badMagic, at: 0) }
        version = try reader.fixed(UInt32.self)
        guard version == Self.currentVersion else { throw DecodeError(.unsupportedVersion, at: 8) }
        guard try reader.fixed(UInt32.self) == 0 else { throw DecodeError(.invalidValue, at: 12) }
        created = try reader.fixed(Int64.self)
        guard reader.isAtEnd else { throw DecodeError(.trailingBytes, at: reader.offset) }
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: Self.encodedByteCount)
        writer.raw(Self.magic)
        writer.fixed(version)
        writer.fixed(UInt32(0))
        writer.fixed(created)
        return writer.bytes
    }
}

/// The sequence record, key `G` of table `system`: numbers that are never given out twice.
package struct SequenceRecord: Sendable, Hashable {
    static let version: UInt8 = 2

    /// Raised by one at each start; the high 24 bits of the content ids made since.
    package var generation: UInt32
    /// No pack has this id or a higher one: the next start gives it out.
    package var nextPack: UInt32
    /// Whether that includes packs which no commit names. In records of version 1 it does not.
    package private(set) var boundsAllPacks = true

    package init(generation: UInt32, nextPack: UInt32) {
        self.generation = generation
        self.nextPack = nextPack
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        boundsAllPacks = bytes.first != 1
        try reader.version(boundsAllPacks ? Self.version : 1)
        generation = try reader.fixed(UInt32.self)
        nextPack = try reader.fixed(UInt32.self)
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 9)
        writer.fixed(Self.version)
        writer.fixed(generation)
        writer.fixed(nextPack)
        return writer.bytes
    }
}

extension RecordReader {
    /// Reads the version byte that each metadata record starts with.
    mutating func version(_ supported: UInt8) throws(DecodeError) {
        let start = offset
        guard try fixed(UInt8.self) == supported else { throw DecodeError(.unsupportedVersion, at: start) }
    }

    func end() throws(DecodeError) {
        guard isAtEnd else { throw DecodeError(.trailingBytes, at: offset) }
    }
}
