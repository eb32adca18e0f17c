// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    /// PutObject. Everything that headers alone can refuse is refused before the first byte of the body is asked for.
    func putObject(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let key = try call.key()
        let metadata = try MetadataHeaders.read(call)
        if !metadata.tags.isEmpty { try authorise(call, action: "s3:PutObjectTagging") }
        let condition = try WriteCondition.writing(call.headers)
        let chunking = try Chunking.read(call, metadata)
        let body = try UploadBody(call, kind: .content(byteCountMax: configuration.uploadByteCountMax))
        try await checkEarly(condition, call)
        let request = PutObjectRequest(
            bucket: bucket.name,
            key: key,
            metadata: metadata,
            condition: condition,
            digests: body.digests(default: .crc64nvme),
            expectedSize: body.size,
            chunking: chunking,
        )
        let result: PutObjectResult
        do throws(StoreError) {
            result = try await store.putObject(request, body: body)
        } catch {
            throw body.failure ?? call.refusal(error)
        }
        var answer = S3Answer(status: 200)
        answer.head.add("ETag", result.etag.quoted)
        if let version = result.versionID { answer.head.add("x-amz-version-id", version) }
        if let checksum = result.checksum { ObjectHeaders.addChecksums([checksum], to: &answer.head) }
        return answer
    }

    /// Spares a client the upload when its condition is lost already. The commit decides again, atomically.
    func checkEarly(_ condition: WriteCondition, _ call: S3Call) async throws(S3Error) {
        guard condition != .none else { return }
        let bucket = try call.bucket().name
        let key = try call.key()
        let current: ObjectInfo?
        do throws(StoreError) {
            current = try await store.openObject(bucket: bucket, key: key).info
        } catch {
            guard error.code == .noSuchKey else { throw call.refusal(error) }
            current = nil
        }
        if condition.ifNoneMatch == .any, current != nil {
            throw .preconditionFailed("If-None-Match")
        }
        switch condition.ifMatch {
        case nil: break
        case .any:
            if current == nil { throw S3Error(.noSuchKey, extras: [.init("Key", key.string)]) }
        case .etags(let etags):
            guard let current else { throw S3Error(.noSuchKey, extras: [.init("Key", key.string)]) }
            guard etags.contains(current.etag) else {
                throw .preconditionFailed("If-Match")
            }
        }
    }
}
