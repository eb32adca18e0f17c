// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    func uploadPart(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let number = try partNumber(call)
        let upload = try uploadReference(call)
        let body = try UploadBody(call, kind: .content(byteCountMax: configuration.uploadByteCountMax))
        let part: PartInfo
        do throws(StoreError) {
            part = try await store.uploadPart(
                upload,
                number: number,
                digests: body.digests(default: nil),
                expectedSize: body.size,
                body: body,
            )
        } catch {
            throw body.failure ?? call.refusal(error)
        }
        var answer = S3Answer(status: 200)
        answer.head.add("ETag", part.etag.quoted)
        if let checksum = part.checksum { ObjectHeaders.addChecksumValue(checksum, to: &answer.head) }
        return answer
    }

    /// UploadPartCopy: a range on chunk borders moves no content.
    func uploadPartCopy(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let number = try partNumber(call)
        let upload = try uploadReference(call)
        let source = try await openCopySource(call)
        let info = source.object.info
        try checkCopySource(Conditions(copySource: call.headers), info, now: call.record.started)
        let range = try call.header("x-amz-copy-source-range").map { text throws(S3Error) in
            try ByteRange.copySource(text, size: info.size)
        }
        guard UInt64(range?.count ?? Int(clamping: info.size)) <= configuration.uploadByteCountMax else {
            throw S3Error(
                .invalidRequest,
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                    + "\(configuration.uploadByteCountMax)",
            )
        }
        let part: PartInfo
        do throws(StoreError) {
            part = try await store.uploadPartCopy(upload, number: number, source: source.object, range: range)
        } catch {
            throw call.refusal(error)
        }
        return .xml(S3XML.copyPart(part))
    }
}
