// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A query name that turns a request on a bucket or an object into a request on a part of it.
///
/// Chosen by presence, not by value; with two present the earlier of the routing order counts
/// (`spec/s3.md` §1.1, §6.3).
package enum S3Subresource: String, Sendable, Hashable, CaseIterable {
    case acl
    case policy
    case policyStatus
    case publicAccessBlock
    case ownershipControls
    case versioning
    case objectLock = "object-lock"
    case encryption
    case tagging
    case cors
    case lifecycle
    case notification
    case logging
    case website
    case replication
    case requestPayment
    case accelerate
    case inventory
    case metrics
    case analytics
    case intelligentTiering = "intelligent-tiering"
    case abac
    case metadataConfiguration
    case metadataTable
    case metadataJournalTable
    case metadataInventoryTable
    case metadataAnnotationTable
    case location
    case versions
    case uploads
    case delete
    case session
    case attributes
    case retention
    case legalHold = "legal-hold"
    case annotation
    case renameObject
    case append
    case restore
    case select
    case torrent
    case uploadId

    /// Order of choice on a bucket: the rows of §6.3, then the operations of §6.1 and §6.4.
    package static let bucketOrder: [S3Subresource] = [
        .acl, .policy, .policyStatus, .publicAccessBlock, .ownershipControls, .versioning, .objectLock, .encryption,
        .tagging, .cors, .lifecycle, .notification, .logging, .website, .replication, .requestPayment, .accelerate,
        .inventory, .metrics, .analytics, .intelligentTiering, .abac, .metadataConfiguration, .metadataTable,
        .metadataJournalTable, .metadataInventoryTable, .metadataAnnotationTable, .location, .versions, .uploads,
        .delete, .session,
    ]

    /// Order of choice on an object.
    package static let objectOrder: [S3Subresource] = [
        .acl, .attributes, .tagging, .retention, .legalHold, .annotation, .renameObject, .encryption, .append,
        .restore, .select, .torrent, .uploads, .uploadId,
    ]

    /// The sub-resource that `query` asks for; nil for the plain bucket or object.
    ///
    /// A name that exists only on the other kind of resource counts too (`?versions` on an object): the caller answers
    /// InvalidRequest or NotImplemented, never the plain operation.
    package static func chosen(in query: S3Query, isObject: Bool) -> S3Subresource? {
        if query.isEmpty { return nil }
        let order = isObject ? objectOrder : bucketOrder
        if let found = order.first(where: { query.has($0.rawValue) }) { return found }
        return (isObject ? bucketOrder : objectOrder).first { query.has($0.rawValue) }
    }

    /// Whether it exists on this kind of resource at all.
    package func exists(onObject isObject: Bool) -> Bool {
        (isObject ? Self.objectOrder : Self.bucketOrder).contains(self)
    }
}
