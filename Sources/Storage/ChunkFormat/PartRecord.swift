// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A part of an upload under way: table `uploads`, key `P` ‖ upload id ‖ part number.
package struct PartRecord: Sendable, Equatable {
    package static let formatVersion: UInt8 = 1

    package var content: ContentReference
    package var lastModified: Timestamp
    /// The MD5 of the part; its part count is 0.
    package var etag: ETag
    /// Checksums, and the encryption of this part's bytes.
    package var fields: VersionFields

    package init(
        content: ContentReference,
        lastModified: Timestamp,
        etag: ETag,
        fields: VersionFields = VersionFields()
    ) {
        self.content = content
        self.lastModified = lastModified
        self.etag = etag
        self.fields = fields
    }

    package func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.fixed(Self.formatVersion)
        writer.fixed(UInt8(0))
        writer.fixed(content.kind.rawValue)
        writer.fixed(UInt8(0))
        writer.fixed(content.size)
        writer.fixed(lastModified.nanoseconds)
        writer.fixed(content.id)
        writer.raw(etag.bytes)
        fields.encode(into: &writer)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.formatVersion)
        guard try reader.fixed(UInt8.self) == 0 else { throw DecodeError(.invalidValue, at: 1) }
        let kind = ContentReference.Kind(rawValue: try reader.fixed(UInt8.self))
        guard try reader.fixed(UInt8.self) == 0 else { throw DecodeError(.invalidValue, at: 3) }
        let size = try reader.fixed(UInt64.self)
        self.lastModified = Timestamp(nanoseconds: try reader.fixed(Int64.self))
        let id = try reader.fixed(UInt64.self)
        guard let kind, kind != .stretch, let content = ContentReference(kind: kind, storedID: id, size: size) else {
            throw DecodeError(.invalidValue, at: 2)
        }
        self.content = content
        self.etag = ETag(bytes: [UInt8](try reader.raw(16)))
        self.fields = try VersionFields(decoding: &reader)
    }

    package func info(number: Int) -> PartInfo {
        PartInfo(
            number: number,
            size: content.size,
            etag: etag,
            lastModified: lastModified,
            checksum: fields.checksums.first,
        )
    }
}
