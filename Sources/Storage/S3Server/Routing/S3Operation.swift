// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a request asks for, as logs, metrics and policies name it (`spec/s3.md` §6).
package enum S3Operation: UInt8, Sendable, Hashable, CaseIterable {
    /// The request was refused before it was understood.
    case unknown
    /// An operation of AWS that answers 501 here.
    case unsupported
    case preflight

    case listBuckets
    case createBucket
    case headBucket
    case deleteBucket
    case getBucketLocation
    case getBucketPolicy
    case putBucketPolicy
    case deleteBucketPolicy
    case getBucketAcl
    /// GET of a bucket configuration that can't be set yet: the answer for "never set".
    case getUnsetConfiguration

    case listObjects
    case listObjectsV2
    case listMultipartUploads
    case deleteObjects

    case putObject
    case getObject
    case headObject
    case deleteObject
    case copyObject
    case getObjectAcl
    case getObjectTagging

    case createMultipartUpload
    case uploadPart
    case uploadPartCopy
    case completeMultipartUpload
    case abortMultipartUpload
    case listParts

    package var name: String {
        switch self {
        case .unknown: "Unknown"
        case .unsupported: "Unsupported"
        case .preflight: "Preflight"
        case .listBuckets: "ListBuckets"
        case .createBucket: "CreateBucket"
        case .headBucket: "HeadBucket"
        case .deleteBucket: "DeleteBucket"
        case .getBucketLocation: "GetBucketLocation"
        case .getBucketPolicy: "GetBucketPolicy"
        case .putBucketPolicy: "PutBucketPolicy"
        case .deleteBucketPolicy: "DeleteBucketPolicy"
        case .getBucketAcl: "GetBucketAcl"
        case .getUnsetConfiguration: "GetBucketConfiguration"
        case .listObjects: "ListObjects"
        case .listObjectsV2: "ListObjectsV2"
        case .listMultipartUploads: "ListMultipartUploads"
        case .deleteObjects: "DeleteObjects"
        case .putObject: "PutObject"
        case .getObject: "GetObject"
        case .headObject: "HeadObject"
        case .deleteObject: "DeleteObject"
        case .copyObject: "CopyObject"
        case .getObjectAcl: "GetObjectAcl"
        case .getObjectTagging: "GetObjectTagging"
        case .createMultipartUpload: "CreateMultipartUpload"
        case .uploadPart: "UploadPart"
        case .uploadPartCopy: "UploadPartCopy"
        case .completeMultipartUpload: "CompleteMultipartUpload"
        case .abortMultipartUpload: "AbortMultipartUpload"
        case .listParts: "ListParts"
        }
    }

    /// Reads that clients repeat thousands of times a second; their successes are logged at a level of their own.
    var isRead: Bool {
        switch self {
        case .getObject, .headObject, .headBucket, .listObjects, .listObjectsV2, .listBuckets, .listParts,
            .listMultipartUploads, .getBucketLocation:
            true
        default:
            false
        }
    }
}
