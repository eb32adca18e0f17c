// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    /// CompleteMultipartUpload: O(parts), nothing rewritten, so the answer never needs keep-alive white space.
    func completeUpload(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let upload = try uploadReference(call)
        let condition = try WriteCondition.writing(call.headers)
        let expectedChecksum = try await expectedChecksum(upload, call)
        var expectedSize: UInt64?
        if let text = call.header("x-amz-mp-object-size") {
            guard let size = UInt64(text) else {
                throw S3Error(.invalidRequest, "Value for x-amz-mp-object-size header is invalid.")
            }
            expectedSize = size
        }
        try await checkEarly(condition, call)
        let document = try await readDocument(
            call,
            byteCountMax: S3XML.completeByteCountMax,
            headers: call.headers.withoutChecksums
        )
        let parts = try S3XML.parseCompleteUpload(document, uploadID: upload.uploadID)
        // A list that is wrong in itself is refused before it is compared with what was uploaded.
        guard zip(parts, parts.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw S3Error(.invalidPartOrder, extras: [.init("UploadId", upload.uploadID)])
        }
        let result: PutObjectResult
        do throws(StoreError) {
            result = try await store.completeUpload(
                CompleteUploadRequest(
                    upload: upload,
                    parts: parts,
                    condition: condition,
                    expectedChecksum: expectedChecksum,
                    expectedSize: expectedSize,
                    partSizeMin: configuration.partByteCountMin,
                )
            )
        } catch {
            throw call.refusal(error)
        }
        var answer = S3Answer.xml(
            S3XML.completeUpload(
                location: location(of: upload, call),
                bucket: upload.bucket.string,
                key: upload.key,
                etag: result.etag,
                checksum: result.checksum,
            )
        )
        if let version = result.versionID { answer.head.add("x-amz-version-id", version) }
        return answer
    }

    /// The whole object's checksum: here the headers are about that and not about the body of the request.
    private func expectedChecksum(_ upload: UploadReference, _ call: S3Call) async throws(S3Error) -> ChecksumValue? {
        let headers = try ChecksumHeaders(headers: call.headers.checksums, payload: .unsigned, allowsComposite: true)
        guard let typeName = call.header("x-amz-checksum-type") else { return headers.value }
        guard let type = ChecksumType(name: typeName) else {
            throw S3Error(.invalidRequest, "Value for x-amz-checksum-type header is invalid.")
        }
        if let value = headers.value {
            return ChecksumValue(algorithm: value.algorithm, type: type, bytes: value.bytes, partCount: value.partCount)
        }
        let promised: UploadChecksum?
        do throws(StoreError) {
            promised = try await store.listParts(upload, after: 0, limit: 0).upload.checksum
        } catch {
            // A repeated completion has no upload any more; what it made answers for itself.
            guard error.code == .noSuchUpload else { throw call.refusal(error) }
            return nil
        }
        guard (promised?.type ?? .fullObject) == type else {
            throw S3Error(.badDigest, "The upload was created with another checksum type.")
        }
        return nil
    }

    private func location(of upload: UploadReference, _ call: S3Call) -> String {
        let scheme = call.request.isSecure ? "https://" : "http://"
        let host = call.headers.first("host") ?? ""
        let key = PercentEncoding.encode(upload.key.bytes)
        return scheme + host + (call.target.isVirtualHosted ? "/" : "/\(upload.bucket.string)/") + key
    }
}
