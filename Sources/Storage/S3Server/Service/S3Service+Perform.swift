// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol

extension S3Service {
    /// Steps 6 to 9 of the order of checks: the operation itself.
    func perform(_ call: S3Call) async throws(S3Error) -> S3Answer {
        try UnsupportedHeaders.check(call)
        switch call.route.operation {
        case .unknown, .preflight, .unsupported: throw .notImplemented(resource: call.route.subresource)
        case .listBuckets: return try await listBuckets(call)
        case .createBucket: return try await createBucket(call)
        case .headBucket: return try headBucket(call)
        case .deleteBucket: return try await deleteBucket(call)
        case .getBucketLocation: return try getBucketLocation(call)
        case .getBucketPolicy: return try getBucketPolicy(call)
        case .putBucketPolicy: return try await putBucketPolicy(call)
        case .deleteBucketPolicy: return try await deleteBucketPolicy(call)
        case .getBucketAcl, .getObjectAcl: return try await getACL(call)
        case .getUnsetConfiguration: return try getUnsetConfiguration(call)
        case .listObjects, .listObjectsV2: return try await listObjects(call)
        case .listMultipartUploads: return try await listUploads(call)
        case .deleteObjects: return try await deleteObjects(call)
        case .putObject: return try await putObject(call)
        case .getObject, .headObject: return try await getObject(call)
        case .deleteObject: return try await deleteObject(call)
        case .copyObject: return try await copyObject(call)
        case .getObjectTagging: return try await getObjectTagging(call)
        case .createMultipartUpload: return try await createUpload(call)
        case .uploadPart: return try await uploadPart(call)
        case .uploadPartCopy: return try await uploadPartCopy(call)
        case .completeMultipartUpload: return try await completeUpload(call)
        case .abortMultipartUpload: return try await abortUpload(call)
        case .listParts: return try await listParts(call)
        }
    }
}
