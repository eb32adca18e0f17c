// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import NIOCore
import S3Protocol
import StorageTypes

/// Whether a request must prove that its document arrived as it was sent (`spec/s3.md` §4).
enum DigestDemand {
    case optional
    /// Content-MD5 or any x-amz-checksum-*.
    case required
}

extension S3Service {
    /// The whole body of a request that carries a document, in whatever coding, with everything it announces checked.
    ///
    /// - Parameter headers: where digests are announced, if not in the request's own headers.
    /// - Throws: `maxMessageLengthExceeded`, `invalidRequest` without a digest where one is required, and what
    ///   `UploadBody` throws.
    func readDocument(
        _ call: S3Call,
        byteCountMax: Int,
        digest: DigestDemand = .optional,
        headers: S3Headers? = nil
    ) async throws(S3Error) -> [UInt8] {
        let body = try UploadBody(call, kind: .document(byteCountMax: byteCountMax), headers: headers)
        if digest == .required, !body.announcesDigest {
            throw S3Error(.invalidRequest, "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
        }
        var document: [UInt8] = []
        do throws(StoreError) {
            while let piece = try await body.next() {
                guard document.count + piece.readableBytes <= byteCountMax else { throw StoreError(.entityTooLarge) }
                document.append(contentsOf: piece.readableBytesView)
            }
            try Self.compare(document, try body.expectations())
        } catch {
            if let failure = body.failure { throw failure }
            guard error.code == .entityTooLarge else { throw call.refusal(error) }
            throw S3Error(
                .maxMessageLengthExceeded,
                extras: [.init("MaxMessageLengthBytes", "\(byteCountMax)")]
            )
        }
        return document
    }

    /// What the store does for an object's content, for the few bytes that never reach it.
    private static func compare(_ bytes: [UInt8], _ expected: ContentExpectations) throws(StoreError) {
        if let sha256 = expected.sha256 {
            let actual = SHA256.hash(bytes)
            guard actual == sha256 else {
                throw StoreError(.payloadHashMismatch, details: .digest(expected: sha256.hex, calculated: actual.hex))
            }
        }
        if let md5 = expected.md5 { try compare(md5, MD5.hash(bytes)) }
        if let checksum = expected.checksum {
            try compare(checksum.bytes, RunningChecksum.hash(checksum.algorithm, bytes))
        }
    }

    private static func compare(_ expected: [UInt8], _ actual: [UInt8]) throws(StoreError) {
        guard expected != actual else { return }
        throw StoreError(
            .badDigest,
            details: .digest(expected: Base64.encode(expected), calculated: Base64.encode(actual)),
        )
    }
}
