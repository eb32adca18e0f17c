// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A bucket: table `system`, key `B` ‖ name. Its policy and other documents stand beside it, because each write reads
/// this record and few read those.
package struct BucketRecord: Sendable, Equatable {
    package static let formatVersion: UInt8 = 1

    /// Never used again after the bucket is gone.
    package var id: UInt64
    package var created: Timestamp
    package var owner: String
    package var region: String

    private enum Tag {
        static let owner: UInt8 = 1
        static let region: UInt8 = 2
    }

    package init(id: UInt64, created: Timestamp, owner: String, region: String) {
        self.id = id
        self.created = created
        self.owner = owner
        self.region = region
    }

    package func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.fixed(Self.formatVersion)
        writer.fixed(id)
        writer.fixed(created.nanoseconds)
        writer.field(Tag.owner, owner.utf8)
        writer.field(Tag.region, region.utf8)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.formatVersion)
        self.init(
            id: try reader.fixed(UInt64.self),
            created: Timestamp(nanoseconds: try reader.fixed(Int64.self)),
            owner: "",
            region: "",
        )
        while let field = try reader.field() {
            switch field.tag {
            case Tag.owner: owner = try reader.text(field.value)
            case Tag.region: region = try reader.text(field.value)
            default: break  // of a later program; this one never writes a bucket's record twice
            }
        }
    }
}

/// A small value of table `system` that is nothing but bytes behind its format version: a bucket's documents, the name
/// of a dropped bucket, the next bucket id.
package enum SystemValue {
    package static let formatVersion: UInt8 = 1

    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        [formatVersion] + bytes
    }

    package static func decode(_ value: [UInt8]) throws(DecodeError) -> ArraySlice<UInt8> {
        guard let version = value.first else { throw DecodeError(.truncated, at: 0) }
        guard version == formatVersion else { throw DecodeError(.unsupportedVersion, at: 0) }
        return value.dropFirst()
    }

    package static func encode(integer: UInt64) -> [UInt8] {
        withUnsafeBytes(of: integer.littleEndian) { encode($0) }
    }

    package static func decode(integer value: [UInt8]) throws(DecodeError) -> UInt64 {
        var reader = RecordReader(try decode(value))
        let integer = try reader.fixed(UInt64.self)
        guard reader.isAtEnd else { throw DecodeError(.trailingBytes, at: 9) }
        return integer
    }
}
