// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

extension VersionFields {
    /// Appends the fields by ascending tag, those of a later program last.
    package func encode(into writer: inout RecordWriter) {
        if let storageClass = metadata.storageClass { writer.field(.storageClass, storageClass.utf8) }
        if let contentType = metadata.contentType { writer.field(.contentType, contentType.utf8) }
        for field in metadata.systemFields { writer.pair(.systemField, field) }
        for field in metadata.userFields { writer.pair(.userField, field) }
        for field in metadata.tags { writer.pair(.tag, field) }
        for checksum in checksums { writer.checksum(checksum) }
        if let versionID { writer.field(.versionID, versionID.utf8) }
        if let owner { writer.field(.owner, owner.utf8) }
        if let accessControl { writer.field(.accessControl, accessControl) }
        if let retention {
            var value = RecordWriter(capacity: 9)
            value.fixed(retention.mode.rawValue)
            value.fixed(retention.until.nanoseconds)
            writer.field(.retention, value.bytes)
        }
        if let legalHold { writer.field(.legalHold, [legalHold ? 1 : 0]) }
        if let encryption {
            var value = RecordWriter()
            value.fixed(encryption.algorithm)
            value.counted(encryption.keyID.utf8)
            value.counted(encryption.wrappedKey)
            value.counted(encryption.customerKeyMD5)
            writer.field(.encryption, value.bytes)
        }
        if let replicationStatus { writer.field(.replicationStatus, [replicationStatus]) }
        for event in eventOutbox { writer.field(.event, event) }
        if let completedUpload { writer.field(.completedUpload, completedUpload.bytes) }
        for field in unknown { writer.field(field.tag, field.value) }
    }

    /// Reads to the end of the record. - Throws: `DecodeError` with the offset of the field at fault.
    package init(decoding reader: inout RecordReader) throws(DecodeError) {
        self.init()
        while true {
            let offset = reader.offset
            guard let field = try reader.field() else { return }
            guard let tag = VersionFieldTag(rawValue: field.tag) else {
                unknown.append(UnknownField(tag: field.tag, value: [UInt8](field.value)))
                continue
            }
            do {
                try decode(tag, field.value)
            } catch {
                throw DecodeError(error.reason, at: offset)
            }
        }
    }

    private mutating func decode(_ tag: VersionFieldTag, _ value: ArraySlice<UInt8>) throws(DecodeError) {
        var reader = RecordReader(value)
        switch tag {
        case .storageClass: metadata.storageClass = try reader.rest()
        case .contentType: metadata.contentType = try reader.rest()
        case .systemField: metadata.systemFields.append(try reader.pair())
        case .userField: metadata.userFields.append(try reader.pair())
        case .tag: metadata.tags.append(try reader.pair())
        case .checksum: checksums.append(try reader.checksum())
        case .versionID: versionID = try reader.rest()
        case .owner: owner = try reader.rest()
        case .accessControl: accessControl = [UInt8](value)
        case .retention:
            let mode = RetentionField.Mode(rawValue: try reader.fixed(UInt8.self))
            let until = Timestamp(nanoseconds: try reader.fixed(Int64.self))
            guard let mode, reader.isAtEnd else { throw DecodeError(.invalidValue, at: 0) }
            retention = RetentionField(mode: mode, until: until)
        case .legalHold: legalHold = try reader.single() != 0
        case .encryption:
            encryption = EncryptionField(
                algorithm: try reader.fixed(UInt8.self),
                keyID: try reader.text(try reader.counted()),
                wrappedKey: [UInt8](try reader.counted()),
                customerKeyMD5: [UInt8](try reader.counted()),
            )
        case .replicationStatus: replicationStatus = try reader.single()
        case .event: eventOutbox.append([UInt8](value))
        case .completedUpload:
            guard value.count == UploadID.byteCount else { throw DecodeError(.invalidValue, at: 0) }
            completedUpload = UploadID(bytes: value)
        }
    }
}

extension RecordWriter {
    mutating func field(_ tag: VersionFieldTag, _ value: some Collection<UInt8>) {
        field(tag.rawValue, value)
    }

    /// A name with its count, then the value to the end of the field.
    mutating func pair(_ tag: VersionFieldTag, _ field: ObjectMetadata.Field) {
        let nameCount = field.name.utf8.count
        let lengthCount = nameCount < 0x80 ? 1 : nameCount < 0x4000 ? 2 : nameCount < 0x20_0000 ? 3 : 4
        precondition(nameCount < 0x1000_0000, "a name below 256 MiB")
        fixed(tag.rawValue)
        varint(UInt64(lengthCount + nameCount + field.value.utf8.count))
        counted(field.name.utf8)
        raw(field.value.utf8)
    }

    /// Algorithm, type, number of parts, then the value's bytes to the end of the field.
    mutating func checksum(_ checksum: ChecksumValue) {
        fixed(VersionFieldTag.checksum.rawValue)
        varint(UInt64(6 + checksum.bytes.count))
        fixed(checksum.algorithm.rawValue)
        fixed(checksum.type.rawValue)
        fixed(checksum.partCount)
        raw(checksum.bytes)
    }
}

extension RecordReader {
    /// All that is left, as text.
    mutating func rest() throws(DecodeError) -> String {
        try text(try raw(bytes.count - offset))
    }

    func text(_ bytes: ArraySlice<UInt8>) throws(DecodeError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw DecodeError(.invalidValue, at: offset) }
        return text
    }

    mutating func single() throws(DecodeError) -> UInt8 {
        let value = try fixed(UInt8.self)
        guard isAtEnd else { throw DecodeError(.trailingBytes, at: offset) }
        return value
    }

    mutating func pair() throws(DecodeError) -> ObjectMetadata.Field {
        let name = try text(try counted())
        return ObjectMetadata.Field(name: name, value: try rest())
    }

    mutating func checksum() throws(DecodeError) -> ChecksumValue {
        let algorithm = ChecksumAlgorithm(rawValue: try fixed(UInt8.self))
        let type = ChecksumType(rawValue: try fixed(UInt8.self))
        let partCount = try fixed(UInt32.self)
        let value = try raw(bytes.count - offset)
        guard let algorithm, let type, value.count == algorithm.byteCount else {
            throw DecodeError(.invalidValue, at: offset)
        }
        return ChecksumValue(algorithm: algorithm, type: type, bytes: [UInt8](value), partCount: partCount)
    }
}
