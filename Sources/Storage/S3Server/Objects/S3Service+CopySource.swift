// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes

extension S3Service {
    func checkCopySource(_ conditions: Conditions, _ info: ObjectInfo, now: Timestamp) throws(S3Error) {
        if let failed = conditions.copyFailure(etag: info.etag, lastModified: info.lastModified, now: now) {
            throw .preconditionFailed(failed)
        }
    }

    /// The object that a copy reads, once the caller may read it and its conditions hold.
    func openCopySource(_ call: S3Call) async throws(S3Error) -> (bucket: BucketInfo, object: any OpenedObject) {
        guard let text = call.header("x-amz-copy-source") else {
            throw .invalidArgument("The header is missing.", name: "x-amz-copy-source", value: "")
        }
        let source = try CopySource(parsing: text)
        try checkReserved(source.bucket)
        try checkExpectedOwner(call, "x-amz-source-expected-bucket-owner")
        let isCurrent = try source.versionID.map { version throws(S3Error) in try VersionID.isNull(version) } ?? true
        do throws(StoreError) {
            let bucket = try await store.bucket(BucketName(source.bucket))
            let key = try ObjectKey(bytes: source.key)
            let action = source.versionID == nil ? "s3:GetObject" : "s3:GetObjectVersion"
            guard allows(call.question, action: action, in: bucket, key: key) else {
                throw StoreError(.accessDenied)
            }
            guard isCurrent else { throw StoreError(.noSuchVersion, details: .key(key)) }
            do throws(StoreError) {
                return (bucket, try await store.openObject(bucket: bucket.name, key: key))
            } catch {
                if error.code == .noSuchKey, !mayList(bucket, prefix: key, call.question) {
                    throw StoreError(.accessDenied)
                }
                throw error
            }
        } catch {
            throw call.refusal(error)
        }
    }
}
