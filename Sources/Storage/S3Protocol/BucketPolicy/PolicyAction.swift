// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The S3 actions that policies speak of, numbered so that a statement's actions are a set of bits.
enum PolicyAction {
    /// What an action works on, and so which resources it fits.
    enum Level { case service, bucket, object }

    static let serviceNames = [
        "ListAllMyBuckets", "GetAccountPublicAccessBlock", "PutAccountPublicAccessBlock", "ListAccessPoints",
        "ListJobs", "CreateJob", "ListStorageLensConfigurations",
    ]

    static let bucketNames = [
        "CreateBucket", "DeleteBucket", "ListBucket", "ListBucketVersions", "ListBucketMultipartUploads",
        "GetBucketLocation", "GetBucketAcl", "PutBucketAcl", "GetBucketPolicy", "PutBucketPolicy",
        "DeleteBucketPolicy", "GetBucketPolicyStatus", "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock",
        "GetBucketOwnershipControls", "PutBucketOwnershipControls", "GetBucketVersioning", "PutBucketVersioning",
        "GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration", "GetEncryptionConfiguration",
        "PutEncryptionConfiguration", "GetBucketTagging", "PutBucketTagging", "GetBucketCORS", "PutBucketCORS",
        "GetLifecycleConfiguration", "PutLifecycleConfiguration", "GetBucketNotification", "PutBucketNotification",
        "GetBucketLogging", "PutBucketLogging", "GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite",
        "GetReplicationConfiguration", "PutReplicationConfiguration", "GetBucketRequestPayment",
        "PutBucketRequestPayment", "GetAccelerateConfiguration", "PutAccelerateConfiguration",
        "GetInventoryConfiguration", "PutInventoryConfiguration", "GetMetricsConfiguration",
        "PutMetricsConfiguration", "GetAnalyticsConfiguration", "PutAnalyticsConfiguration",
        "GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration", "GetBucketAbac", "PutBucketAbac",
        "CreateBucketMetadataTableConfiguration", "GetBucketMetadataTableConfiguration",
        "DeleteBucketMetadataTableConfiguration", "UpdateBucketMetadataJournalTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration", "TagResource", "UntagResource", "ListTagsForResource",
    ]

    static let objectNames = [
        "GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "DeleteObjectVersion", "GetObjectAcl",
        "GetObjectVersionAcl", "PutObjectAcl", "PutObjectVersionAcl", "GetObjectTagging", "GetObjectVersionTagging",
        "PutObjectTagging", "PutObjectVersionTagging", "DeleteObjectTagging", "DeleteObjectVersionTagging",
        "GetObjectAttributes", "GetObjectVersionAttributes", "GetObjectRetention", "PutObjectRetention",
        "GetObjectLegalHold", "PutObjectLegalHold", "BypassGovernanceRetention", "RestoreObject",
        "AbortMultipartUpload", "ListMultipartUploadParts", "GetObjectTorrent", "GetObjectVersionTorrent",
        "GetObjectVersionForReplication", "InitiateReplication", "ReplicateObject", "ReplicateDelete",
        "ReplicateTags", "ObjectOwnerOverrideToBucketOwner", "UpdateObjectEncryption", "GetObjectAnnotation",
        "GetObjectVersionAnnotation", "PutObjectAnnotation", "PutObjectVersionAnnotation", "DeleteObjectAnnotation",
        "DeleteObjectVersionAnnotation", "ListObjectAnnotations", "ListObjectVersionAnnotations",
    ]

    /// Names without `s3:`, lower case; the position is the action's number.
    static let names: [String] = (serviceNames + bucketNames + objectNames).map { $0.lowercased() }

    /// The number of every action that is in no list: only `*` and `s3:*` cover it.
    static let unknown = 108

    private static let exact: [String: Int] = {
        var numbers: [String: Int] = [:]
        for (index, name) in (serviceNames + bucketNames + objectNames).enumerated() { numbers["s3:" + name] = index }
        return numbers
    }()

    /// - Parameter name: `s3:GetObject`, spelled as the services spell it.
    static func number(_ name: String) -> Int { exact[name] ?? unknown }

    static func level(_ number: Int) -> Level {
        if number < serviceNames.count { return .service }
        return number < serviceNames.count + bucketNames.count ? .bucket : .object
    }
}

/// A set of actions by number.
struct PolicyActionSet: Sendable {
    private var words = SIMD4<UInt64>()

    mutating func insert(_ number: Int) {
        words[number >> 6] |= 1 << UInt64(number & 63)
    }

    func contains(_ number: Int) -> Bool {
        words[number >> 6] >> UInt64(number & 63) & 1 == 1
    }

    mutating func formUnion(_ other: PolicyActionSet) { words |= other.words }

    /// Everything that is not in it, unknown actions included.
    var inverted: PolicyActionSet {
        var result = PolicyActionSet()
        result.words = ~words
        return result
    }

    /// The actions that `pattern` names; nil when it is not of S3 or names none.
    init?(pattern: String) {
        let text = pattern.lowercased()
        if text == "*" || text == "s3:*" {
            words = ~SIMD4<UInt64>()
            return
        }
        guard text.hasPrefix("s3:"), text.utf8.count <= 128 else { return nil }
        let pattern = PolicyPattern(literal: String(text.dropFirst(3)))
        for (number, name) in PolicyAction.names.enumerated() where pattern.matches(Array(name.utf8)) { insert(number) }
        guard words != SIMD4<UInt64>() else { return nil }
    }

    init() {}
}
