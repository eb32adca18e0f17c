// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

extension VersionRecord {
    /// The record's bytes, as `init(decoding:)` reads them.
    package func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: VersionHeader.byteCount + 160)
        var flags: UInt8 = 0
        if isDeleteMarker { flags |= VersionHeader.Flags.deleteMarker }
        if fields.metadata.storageClass != nil { flags |= VersionHeader.Flags.storageClass }
        writer.fixed(Self.formatVersion)
        writer.fixed(flags)
        writer.fixed(content.kind.rawValue)
        writer.fixed(fields.checksums.first?.algorithm.rawValue ?? 0)
        writer.fixed(fields.checksums.first?.type.rawValue ?? 0)
        writer.raw([0, 0, 0])
        writer.fixed(content.size)
        writer.fixed(lastModified.nanoseconds)
        writer.fixed(content.id)
        writer.raw(etag.bytes)
        writer.fixed(etag.partCount)
        writer.fixed(partCount)
        fields.encode(into: &writer)
        return writer.bytes
    }

    /// - Throws: `DecodeError` with the offset of the first byte that makes no sense; never traps, whatever the bytes.
    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        let header = try VersionHeader(decoding: bytes.span.bytes)
        var reader = RecordReader(bytes)
        _ = try reader.raw(VersionHeader.byteCount)
        self.init(
            isDeleteMarker: header.isDeleteMarker,
            lastModified: header.lastModified,
            etag: header.etag,
            partCount: header.partCount,
            content: header.content,
            fields: try VersionFields(decoding: &reader),
        )
        guard header.hasStorageClass == (fields.metadata.storageClass != nil) else {
            throw DecodeError(.invalidValue, at: 1)
        }
    }
}
