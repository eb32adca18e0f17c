// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    /// The copy keeps the source's entity tag, checksums and parts: no byte is read (`spec/s3.md` §7.6).
    package func copyObject(_ request: CopyObjectRequest) async throws(StoreError) -> PutObjectResult {
        try await engine.commit([]) { transaction throws(StoreError) in
            let sourceBucketID = try transaction.bucketID(request.source.bucket)
            let bucketID = try transaction.bucketID(request.bucket)
            let sourceKey = ObjectKeys.object(sourceBucketID, request.source.key.bytes)
            guard let value = try transaction.get(.objects, sourceKey) else {
                throw StoreError(.noSuchKey, details: .key(request.source.key))
            }
            let source = try VersionRecord.decode(value, request.source.key)
            guard !source.isDeleteMarker else { throw StoreError(.noSuchKey, details: .key(request.source.key)) }
            try request.sourceCheck(source.info(key: request.source.key))

            let key = ObjectKeys.object(bucketID, request.key.bytes)
            let current = try transaction.versionHeader(key)
            try request.condition.checkWrite(current, key: request.key)
            let record = VersionRecord(
                lastModified: transaction.now,
                etag: source.etag,
                partCount: source.partCount,
                content: try transaction.duplicate(source.content),
                fields: source.fields.copied(replacing: request.replacementMetadata),
            )
            try transaction.replace(key, current, with: record)
            return record.putResult
        }
    }
}
