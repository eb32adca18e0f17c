// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    func deleteObject(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let key = try call.key()
        let condition = try WriteCondition.deleting(call.headers)
        if call.query.has("versionId"), try !VersionID.isNull(call.query.first("versionId") ?? "") {
            // A version that was never there is as gone as one that was removed.
            return S3Answer(status: 204)
        }
        do throws(StoreError) {
            try await store.deleteObject(bucket: bucket.name, DeleteRequest(key: key, condition: condition))
        } catch {
            throw call.refusal(error)
        }
        return S3Answer(status: 204)
    }
}
