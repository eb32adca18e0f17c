// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    /// CreateMultipartUpload: what the object will be is fixed here (`spec/s3.md` §7.7).
    func createUpload(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let key = try call.key()
        let metadata = try MetadataHeaders.read(call)
        if !metadata.tags.isEmpty { try authorise(call, action: "s3:PutObjectTagging") }
        let request = CreateUploadRequest(
            bucket: bucket.name,
            key: key,
            metadata: metadata,
            checksum: try UploadChecksum.parse(call.headers),
            chunking: try Chunking.read(call, metadata),
        )
        let upload: UploadInfo
        do throws(StoreError) {
            upload = try await store.createUpload(request)
        } catch {
            throw call.refusal(error)
        }
        var answer = S3Answer.xml(
            S3XML.initiateUpload(bucket: bucket.name.string, key: key, uploadID: upload.uploadID)
        )
        if let checksum = request.checksum {
            answer.head.add("x-amz-checksum-algorithm", checksum.algorithm.name)
            answer.head.add("x-amz-checksum-type", "\(checksum.type.name)")
        }
        return answer
    }

    func abortUpload(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let upload = try uploadReference(call)
        if let text = call.header("x-amz-if-match-initiated-time") { try await checkInitiated(text, upload, call) }
        do throws(StoreError) {
            try await store.abortUpload(upload)
        } catch {
            throw call.refusal(error)
        }
        return S3Answer(status: 204)
    }

    private func checkInitiated(_ text: String, _ upload: UploadReference, _ call: S3Call) async throws(S3Error) {
        guard let time = HTTPDate.parse(text) ?? ISO8601.parse(text) else {
            throw .invalidArgument("The time cannot be read.", name: "x-amz-if-match-initiated-time", value: text)
        }
        let initiated: Timestamp
        do throws(StoreError) {
            initiated = try await store.listParts(upload, after: 0, limit: 1).upload.initiated
        } catch {
            throw call.refusal(error)
        }
        guard initiated.seconds == time.seconds else { throw .preconditionFailed("x-amz-if-match-initiated-time") }
    }

    /// - Throws: `noSuchUpload` for an empty id: there is none.
    func uploadReference(_ call: S3Call) throws(S3Error) -> UploadReference {
        let uploadID = call.query.first("uploadId") ?? ""
        guard !uploadID.isEmpty else { throw S3Error(.noSuchUpload, extras: [.init("UploadId", uploadID)]) }
        return UploadReference(bucket: try call.bucket().name, key: try call.key(), uploadID: uploadID)
    }

    func partNumber(_ call: S3Call) throws(S3Error) -> Int {
        let text = call.query.first("partNumber") ?? ""
        guard let number = Int(text), (1...10_000).contains(number), !text.hasPrefix("+") else {
            throw .invalidArgument(
                "Part number must be an integer between 1 and 10000, inclusive",
                name: "partNumber",
                value: text
            )
        }
        return number
    }
}
