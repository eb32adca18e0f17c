// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// Records with every field set, and with none, for golden bytes and for fuzzing.
enum RecordSamples {
    static let etag = ETag(bytes: (0..<16).map { UInt8($0 * 17) })
    static let time = Timestamp(nanoseconds: 1_764_000_000_123_456_789)
    static let uploadID = UploadID(time: 0x187a_0102_0304_0506, random: 0xa1a2_a3a4_a5a6_a7a8)

    static var fullFields: VersionFields {
        var fields = VersionFields()
        fields.metadata = ObjectMetadata(
            contentType: "text/plain",
            systemFields: [.init(name: "cache-control", value: "no-cache"), .init(name: "expires", value: "")],
            userFields: [.init(name: "colour", value: "grün"), .init(name: "", value: "no name")],
            storageClass: "STANDARD_IA",
            tags: [.init(name: "team", value: "storage")],
        )
        fields.checksums = [
            ChecksumValue(algorithm: .crc32, type: .composite, bytes: [1, 2, 3, 4], partCount: 3),
            ChecksumValue(algorithm: .sha256, bytes: [UInt8](repeating: 0xab, count: 32)),
        ]
        fields.versionID = "v-17"
        fields.owner = "main"
        fields.accessControl = [0x01, 0x02]
        fields.retention = RetentionField(mode: .compliance, until: Timestamp(seconds: 2_000_000_000))
        fields.legalHold = true
        fields.encryption = EncryptionField(
            algorithm: 3,
            keyID: "k1",
            wrappedKey: [9, 8, 7],
            customerKeyMD5: [UInt8](repeating: 0x44, count: 16),
        )
        fields.replicationStatus = 2
        fields.eventOutbox = [[5], [6, 6]]
        fields.completedUpload = uploadID
        fields.unknown = [.init(tag: 200, value: [0xfe, 0xed]), .init(tag: 201, value: [])]
        return fields
    }

    static var plainFields: VersionFields {
        var fields = VersionFields()
        fields.metadata.contentType = "binary/octet-stream"
        fields.checksums = [ChecksumValue(algorithm: .crc64nvme, bytes: [1, 2, 3, 4, 5, 6, 7, 8])]
        return fields
    }

    static let versions: [(name: String, record: VersionRecord)] = [
        (
            "version-plain",
            VersionRecord(
                lastModified: time,
                etag: etag,
                content: ContentReference(kind: .inline, id: 0x0000_0100_0000_0007, size: 4_096),
                fields: plainFields,
            )
        ),
        (
            "version-full",
            VersionRecord(
                lastModified: time,
                etag: ETag(bytes: etag.bytes, partCount: 3),
                partCount: 3,
                content: ContentReference(kind: .assembly, id: 0x0000_0200_0000_0001, size: 5 << 40),
                fields: fullFields,
            )
        ),
        (
            "version-delete-marker",
            VersionRecord(isDeleteMarker: true, lastModified: time, etag: etag, content: .empty)
        ),
    ]

    static let uploads: [(name: String, record: UploadRecord)] = [
        (
            "upload-plain",
            UploadRecord(initiated: time, checksum: nil, chunking: .contentDefined, fields: VersionFields())
        ),
        (
            "upload-full",
            UploadRecord(
                initiated: time,
                checksum: UploadChecksum(algorithm: .sha256, type: .composite),
                chunking: .pages,
                fields: fullFields,
            )
        ),
    ]

    static let part = PartRecord(
        content: ContentReference(kind: .recipe, id: 0x0000_0100_0000_0009, size: 8 << 20),
        lastModified: time,
        etag: etag,
        fields: plainFields,
    )

    static let bucket = BucketRecord(id: 17, created: time, owner: "main", region: "us-east-1")
}
