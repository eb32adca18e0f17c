// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a client said about an object and gets back byte for byte (`spec/s3.md` §7.3).
package struct ObjectMetadata: Sendable, Hashable {
    /// One header that is stored and returned as it came.
    package struct Field: Sendable, Hashable {
        /// Lower case; user metadata without its `x-amz-meta-` prefix.
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var contentType: String?
    /// cache-control, content-disposition, content-encoding, content-language, expires,
    /// x-amz-website-redirect-location: those present, lower-case names.
    package var systemFields: [Field]
    package var userFields: [Field]
    /// Nil means STANDARD.
    package var storageClass: String?
    /// Sorted by key; kept from the first version of the format on, served when the tagging operations are.
    package var tags: [Field]

    package init(
        contentType: String? = nil,
        systemFields: [Field] = [],
        userFields: [Field] = [],
        storageClass: String? = nil,
        tags: [Field] = []
    ) {
        self.contentType = contentType
        self.systemFields = systemFields
        self.userFields = userFields
        self.storageClass = storageClass
        self.tags = tags
    }
}

/// One stored state of an object.
package struct ObjectInfo: Sendable, Hashable {
    package var key: ObjectKey
    package var size: UInt64
    package var etag: ETag
    package var lastModified: Timestamp
    /// Nil while the bucket has never been versioned.
    package var versionID: String?
    package var checksums: [ChecksumValue]
    package var metadata: ObjectMetadata
    /// The number of parts of a multipart object; 0 for one that was put in one piece.
    package var partCount: UInt32

    package init(
        key: ObjectKey,
        size: UInt64,
        etag: ETag,
        lastModified: Timestamp,
        versionID: String? = nil,
        checksums: [ChecksumValue] = [],
        metadata: ObjectMetadata = ObjectMetadata(),
        partCount: UInt32 = 0
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.versionID = versionID
        self.checksums = checksums
        self.metadata = metadata
        self.partCount = partCount
    }
}

/// A bucket and what decides how requests to it are treated.
package struct BucketInfo: Sendable, Hashable {
    package var name: BucketName
    package var created: Timestamp
    /// The account that made it.
    package var owner: String
    package var region: String
    /// The policy document exactly as it was put.
    package var policy: String?

    package init(name: BucketName, created: Timestamp, owner: String, region: String, policy: String? = nil) {
        self.name = name
        self.created = created
        self.owner = owner
        self.region = region
        self.policy = policy
    }
}
