// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// One stored state of an object: table `objects`, key bucket id ‖ key.
///
/// A fixed header that holds what a listing shows, then tagged fields. Layout in `OnDiskFormat.md` of ObjectStore.
package struct VersionRecord: Sendable, Equatable {
    package static let formatVersion: UInt8 = 1

    package var isDeleteMarker: Bool
    package var lastModified: Timestamp
    package var etag: ETag
    /// The number of parts of a multipart object; 0 for one that was put in one piece.
    package var partCount: UInt32
    package var content: ContentReference
    package var fields: VersionFields

    package init(
        isDeleteMarker: Bool = false,
        lastModified: Timestamp,
        etag: ETag,
        partCount: UInt32 = 0,
        content: ContentReference,
        fields: VersionFields = VersionFields()
    ) {
        self.isDeleteMarker = isDeleteMarker
        self.lastModified = lastModified
        self.etag = etag
        self.partCount = partCount
        self.content = content
        self.fields = fields
    }

    package var size: UInt64 { content.size }

    package func info(key: ObjectKey) -> ObjectInfo {
        ObjectInfo(
            key: key,
            size: size,
            etag: etag,
            lastModified: lastModified,
            versionID: fields.versionID,
            checksums: fields.checksums,
            metadata: fields.metadata,
            partCount: partCount,
        )
    }
}
