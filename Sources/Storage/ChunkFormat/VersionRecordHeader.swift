// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The fixed first 56 bytes of a version record: all that a listing shows of an object in the common case.
///
/// Decoding it allocates nothing.
package struct VersionHeader: Sendable {
    package static let byteCount = 56

    enum Flags {
        static let deleteMarker: UInt8 = 1
        /// The first tagged field is the storage class.
        static let storageClass: UInt8 = 2
        static let known: UInt8 = 3
    }

    package let isDeleteMarker: Bool
    package let hasStorageClass: Bool
    package let content: ContentReference
    package let lastModified: Timestamp
    package let checksumAlgorithm: ChecksumAlgorithm?
    package let checksumType: ChecksumType?
    package let partCount: UInt32
    private let etagWords: (UInt64, UInt64)
    private let etagPartCount: UInt32

    package var etag: ETag {
        let bytes = withUnsafeBytes(of: etagWords) { [UInt8]($0) }
        return ETag(bytes: bytes, partCount: etagPartCount)
    }

    package init(decoding record: RawSpan) throws(DecodeError) {
        guard record.byteCount > 0 else { throw DecodeError(.truncated, at: 0) }
        guard record.unsafeLoadUnaligned(as: UInt8.self) == VersionRecord.formatVersion else {
            throw DecodeError(.unsupportedVersion, at: 0)
        }
        guard record.byteCount >= Self.byteCount else { throw DecodeError(.truncated, at: record.byteCount) }
        let flags = record.unsafeLoadUnaligned(fromByteOffset: 1, as: UInt8.self)
        guard flags & ~Flags.known == 0 else { throw DecodeError(.invalidValue, at: 1) }
        self.isDeleteMarker = flags & Flags.deleteMarker != 0
        self.hasStorageClass = flags & Flags.storageClass != 0
        let size = record.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
        let id = record.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt64.self).littleEndian
        guard let kind = ContentReference.Kind(rawValue: record.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt8.self)),
            kind != .stretch, let content = ContentReference(kind: kind, storedID: id, size: size)
        else { throw DecodeError(.invalidValue, at: 2) }
        self.content = content
        self.lastModified = Timestamp(
            nanoseconds: record.unsafeLoadUnaligned(fromByteOffset: 16, as: Int64.self).littleEndian
        )
        let algorithm = record.unsafeLoadUnaligned(fromByteOffset: 3, as: UInt8.self)
        let type = record.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt8.self)
        self.checksumAlgorithm = ChecksumAlgorithm(rawValue: algorithm)
        self.checksumType = ChecksumType(rawValue: type)
        guard (checksumAlgorithm == nil) == (algorithm == 0), (checksumType == nil) == (type == 0) else {
            throw DecodeError(.invalidValue, at: 3)
        }
        self.etagWords = record.unsafeLoadUnaligned(fromByteOffset: 32, as: (UInt64, UInt64).self)
        self.etagPartCount = record.unsafeLoadUnaligned(fromByteOffset: 48, as: UInt32.self).littleEndian
        self.partCount = record.unsafeLoadUnaligned(fromByteOffset: 52, as: UInt32.self).littleEndian
    }
}

/// What a listing shows of one version record.
package struct VersionListing: Sendable {
    package let header: VersionHeader
    package let storageClass: String?

    /// Reads the header, and the first field only when the header says that it is the storage class.
    package init(decoding record: UnsafeRawBufferPointer) throws(DecodeError) {
        self.header = try VersionHeader(decoding: record.bytes)
        guard header.hasStorageClass else {
            self.storageClass = nil
            return
        }
        var reader = RecordReader([UInt8](record[VersionHeader.byteCount...]))
        guard let field = try reader.field(), field.tag == VersionFieldTag.storageClass.rawValue else {
            throw DecodeError(.invalidValue, at: VersionHeader.byteCount)
        }
        self.storageClass = String(decoding: field.value, as: UTF8.self)
    }
}
