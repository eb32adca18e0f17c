// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol

/// A bucket's configuration, chosen by the presence of its name in the query (`spec/s3.md` §6.3).
struct BucketConfigurationRow: Sendable {
    /// What a GET answers while there is no way to set the configuration: the same as where it never was set.
    enum UnsetAnswer: Sendable {
        case missing(S3ErrorCode)
        /// The root element, with nothing in it or one child with text.
        case document(root: StaticString, child: StaticString? = nil, text: String = "")
    }

    let subresource: S3Subresource
    let readAction: String
    let writeAction: String
    /// The methods of AWS's operations on it.
    let methods: [HTTPMethod]
    /// Nil: a GET is answered 501 or has a handler of its own.
    let unset: UnsetAnswer?

    private init(
        _ subresource: S3Subresource,
        read: String,
        write: String,
        _ methods: [HTTPMethod],
        unset: UnsetAnswer? = nil
    ) {
        self.subresource = subresource
        self.readAction = read
        self.writeAction = write
        self.methods = methods
        self.unset = unset
    }

    private init(
        _ subresource: S3Subresource,
        _ subject: String,
        _ methods: [HTTPMethod] = [.get, .put, .delete],
        unset: UnsetAnswer? = nil
    ) {
        self.init(subresource, read: "s3:Get\(subject)", write: "s3:Put\(subject)", methods, unset: unset)
    }

    static let all: [BucketConfigurationRow] = [
        BucketConfigurationRow(.acl, "BucketAcl", [.get, .put]),
        BucketConfigurationRow(.policy, "BucketPolicy"),
        BucketConfigurationRow(.policyStatus, "BucketPolicyStatus", [.get]),
        BucketConfigurationRow(
            .publicAccessBlock,
            "BucketPublicAccessBlock",
            unset: .missing(.noSuchPublicAccessBlockConfiguration)
        ),
        BucketConfigurationRow(
            .ownershipControls,
            "BucketOwnershipControls",
            unset: .missing(.ownershipControlsNotFoundError)
        ),
        BucketConfigurationRow(
            .versioning,
            "BucketVersioning",
            [.get, .put],
            unset: .document(root: "VersioningConfiguration")
        ),
        BucketConfigurationRow(
            .objectLock,
            "BucketObjectLockConfiguration",
            [.get, .put],
            unset: .missing(.objectLockConfigurationNotFoundError)
        ),
        BucketConfigurationRow(
            .encryption,
            "EncryptionConfiguration",
            unset: .missing(.serverSideEncryptionConfigurationNotFoundError)
        ),
        BucketConfigurationRow(.tagging, "BucketTagging", unset: .missing(.noSuchTagSet)),
        BucketConfigurationRow(.cors, "BucketCORS", unset: .missing(.noSuchCORSConfiguration)),
        BucketConfigurationRow(.lifecycle, "LifecycleConfiguration", unset: .missing(.noSuchLifecycleConfiguration)),
        BucketConfigurationRow(
            .notification,
            "BucketNotification",
            [.get, .put],
            unset: .document(root: "NotificationConfiguration")
        ),
        BucketConfigurationRow(.logging, "BucketLogging", [.get, .put], unset: .document(root: "BucketLoggingStatus")),
        BucketConfigurationRow(.website, "BucketWebsite", unset: .missing(.noSuchWebsiteConfiguration)),
        BucketConfigurationRow(
            .replication,
            "ReplicationConfiguration",
            unset: .missing(.replicationConfigurationNotFoundError)
        ),
        BucketConfigurationRow(
            .requestPayment,
            "BucketRequestPayment",
            [.get, .put],
            unset: .document(root: "RequestPaymentConfiguration", child: "Payer", text: "BucketOwner")
        ),
        BucketConfigurationRow(
            .accelerate,
            "AccelerateConfiguration",
            [.get, .put],
            unset: .document(root: "AccelerateConfiguration")
        ),
        BucketConfigurationRow(.inventory, "InventoryConfiguration"),
        BucketConfigurationRow(.metrics, "MetricsConfiguration"),
        BucketConfigurationRow(.analytics, "AnalyticsConfiguration"),
        BucketConfigurationRow(.intelligentTiering, "IntelligentTieringConfiguration"),
        BucketConfigurationRow(.abac, "BucketAbac", [.get, .put]),
        BucketConfigurationRow(.metadataConfiguration, "BucketMetadataTableConfiguration", [.get, .post, .delete]),
        BucketConfigurationRow(.metadataTable, "BucketMetadataTableConfiguration", [.get, .post, .delete]),
        BucketConfigurationRow(.metadataJournalTable, "BucketMetadataTableConfiguration", [.put]),
        BucketConfigurationRow(.metadataInventoryTable, "BucketMetadataTableConfiguration", [.put]),
        BucketConfigurationRow(.metadataAnnotationTable, "BucketMetadataTableConfiguration", [.put]),
        BucketConfigurationRow(.session, read: "s3express:CreateSession", write: "s3express:CreateSession", [.get]),
        BucketConfigurationRow(.versions, read: "s3:ListBucketVersions", write: "s3:ListBucketVersions", [.get]),
    ]

    static func of(_ subresource: S3Subresource) -> BucketConfigurationRow? {
        all.first { $0.subresource == subresource }
    }
}
