// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    func getBucketPolicy(_ call: S3Call) throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        guard let policy = bucket.policy else {
            throw S3Error(.noSuchBucketPolicy, extras: [.init("BucketName", bucket.name.string)])
        }
        var answer = S3Answer(status: 200, body: .bytes(ByteBuffer(string: policy)))
        answer.head.add("Content-Type", "application/json")
        return answer
    }

    /// The text is kept byte for byte, and only if every statement of it can be understood. The parser knows how long
    /// a policy may be; the limit here is on what is read at all.
    func putBucketPolicy(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        if call.header("x-amz-confirm-remove-self-bucket-access")?.lowercased() == "true" {
            // It would have to lock out the root account, which the evaluation here never does.
            throw .notImplemented(header: "x-amz-confirm-remove-self-bucket-access")
        }
        let document = try await readDocument(call, byteCountMax: 64 << 10)
        guard let text = String(validating: document, as: UTF8.self) else {
            throw S3Error(.malformedPolicy)
        }
        _ = try BucketPolicy(parsing: text, bucket: bucket.name)
        try await setPolicy(text, call)
        return S3Answer(status: 204)
    }

    func deleteBucketPolicy(_ call: S3Call) async throws(S3Error) -> S3Answer {
        try await setPolicy(nil, call)
        return S3Answer(status: 204)
    }

    private func setPolicy(_ text: String?, _ call: S3Call) async throws(S3Error) {
        let name = try call.bucket().name
        do throws(StoreError) {
            try await store.setBucketPolicy(text, of: name)
        } catch {
            throw call.refusal(error)
        }
    }
}
