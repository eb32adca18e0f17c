// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A multipart upload under way: table `uploads`, key `U` ‖ bucket id ‖ escaped key ‖ upload id.
package struct UploadRecord: Sendable, Equatable {
    package static let formatVersion: UInt8 = 1

    package var initiated: Timestamp
    package var checksum: UploadChecksum?
    package var chunking: Chunking
    /// What the object will have.
    package var fields: VersionFields

    package init(initiated: Timestamp, checksum: UploadChecksum?, chunking: Chunking, fields: VersionFields) {
        self.initiated = initiated
        self.checksum = checksum
        self.chunking = chunking
        self.fields = fields
    }

    package func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.fixed(Self.formatVersion)
        writer.fixed(chunking.rawValue)
        writer.fixed(checksum?.algorithm.rawValue ?? 0)
        writer.fixed(checksum?.type.rawValue ?? 0)
        writer.fixed(initiated.nanoseconds)
        fields.encode(into: &writer)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.formatVersion)
        guard let chunking = Chunking(rawValue: try reader.fixed(UInt8.self)) else {
            throw DecodeError(.invalidValue, at: 1)
        }
        self.chunking = chunking
        let algorithmCode = try reader.fixed(UInt8.self)
        let typeCode = try reader.fixed(UInt8.self)
        switch (ChecksumAlgorithm(rawValue: algorithmCode), ChecksumType(rawValue: typeCode)) {
        case (let algorithm?, let type?): self.checksum = UploadChecksum(algorithm: algorithm, type: type)
        case (nil, nil) where algorithmCode == 0 && typeCode == 0: self.checksum = nil
        default: throw DecodeError(.invalidValue, at: 2)
        }
        self.initiated = Timestamp(nanoseconds: try reader.fixed(Int64.self))
        self.fields = try VersionFields(decoding: &reader)
    }

    package func info(key: ObjectKey, id: UploadID) -> UploadInfo {
        UploadInfo(key: key, uploadID: id.string, initiated: initiated, metadata: fields.metadata, checksum: checksum)
    }
}
