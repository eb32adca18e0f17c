// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The tagged fields of version and upload records: what a client said about an object, and room for what later
/// features keep with it.
package struct VersionFields: Sendable, Equatable {
    package var metadata = ObjectMetadata()
    package var checksums: [ChecksumValue] = []
    package var versionID: String?
    /// The account that owns the object.
    package var owner: String?
    /// The access control list as it will be stored; opaque in this version.
    package var accessControl: [UInt8]?
    package var retention: RetentionField?
    package var legalHold: Bool?
    package var encryption: EncryptionField?
    /// Opaque in this version.
    package var replicationStatus: UInt8?
    /// Events that were not delivered yet, each opaque in this version.
    package var eventOutbox: [[UInt8]] = []
    /// The multipart upload whose completion made this version, so that repeating it finds the same answer.
    package var completedUpload: UploadID?
    /// Fields with tags of a later program, in the order met; copied with the metadata, never dropped.
    package var unknown: [UnknownField] = []

    package init() {}

    package struct UnknownField: Sendable, Equatable {
        package let tag: UInt8
        package let value: [UInt8]

        package init(tag: UInt8, value: [UInt8]) {
            precondition(VersionFieldTag(rawValue: tag) == nil, "tag \(tag) has a meaning")
            self.tag = tag
            self.value = value
        }
    }

    /// What a metadata-only copy takes over when the client replaces the metadata: nothing that belongs to the source
    /// as an object (its version, lock, owner, upload), all that describes its bytes.
    package func copied(replacing metadata: ObjectMetadata?) -> VersionFields {
        var copy = VersionFields()
        copy.metadata = metadata ?? self.metadata
        copy.checksums = checksums
        copy.encryption = encryption
        copy.unknown = unknown
        return copy
    }
}

/// How long a version may not be deleted.
package struct RetentionField: Sendable, Equatable {
    /// Raw values are on disk.
    package enum Mode: UInt8, Sendable {
        case governance = 1
        case compliance = 2
    }

    package var mode: Mode
    package var until: Timestamp

    package init(mode: Mode, until: Timestamp) {
        self.mode = mode
        self.until = until
    }
}

/// How a version's content was encrypted. The values are the encryption feature's; here they only have their place.
package struct EncryptionField: Sendable, Equatable {
    /// 1 SSE-S3, 2 SSE-KMS, 3 SSE-C.
    package var algorithm: UInt8
    package var keyID: String
    package var wrappedKey: [UInt8]
    /// 16 bytes for SSE-C, else empty.
    package var customerKeyMD5: [UInt8]

    package init(algorithm: UInt8, keyID: String, wrappedKey: [UInt8], customerKeyMD5: [UInt8]) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.wrappedKey = wrappedKey
        self.customerKeyMD5 = customerKeyMD5
    }
}

/// The tags of `VersionFields`. Raw values are on disk: never reuse one.
package enum VersionFieldTag: UInt8, Sendable, CaseIterable {
    case storageClass = 1
    case contentType = 2
    case systemField = 3
    case userField = 4
    case tag = 5
    case checksum = 6
    case versionID = 7
    case owner = 8
    case accessControl = 9
    case retention = 10
    case legalHold = 11
    case encryption = 12
    case replicationStatus = 13
    case event = 14
    case completedUpload = 15
}
