// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import StorageTypes

/// What completing an upload with a given list of parts makes: decided from values alone (`spec/s3.md` §4, §7.7).
struct UploadCompletion {
    /// The parts listed, in order.
    let parts: [StoredPart]
    let etag: ETag
    let checksum: ChecksumValue?
    let size: UInt64
    private let stored: [StoredPart]

    /// - Parameter stored: every part the upload holds.
    /// - Throws: `invalidRequest`, `invalidPartOrder`, `invalidPart`, `entityTooSmall`, `badDigest`.
    init(
        _ request: CompleteUploadRequest,
        upload: UploadRecord,
        stored: [StoredPart]
    ) throws(StoreError) {
        guard !request.parts.isEmpty else {
            throw StoreError(.invalidRequest, "a multipart upload is completed with at least one part")
        }
        let byNumber = Dictionary(stored.map { ($0.number, $0) }) { _, last in last }
        var parts: [StoredPart] = []
        parts.reserveCapacity(request.parts.count)
        var size: UInt64 = 0
        for (index, listed) in request.parts.enumerated() {
            guard index == 0 || request.parts[index - 1].number < listed.number else {
                throw StoreError(.invalidPartOrder, details: .upload(request.upload.uploadID))
            }
            let part = try Self.match(listed, byNumber[listed.number], request.upload, upload.checksum)
            let record = part.record
            let isLast = index == request.parts.count - 1
            guard isLast || record.content.size >= request.partSizeMin else {
                throw StoreError(
                    .entityTooSmall,
                    details: .partSize(
                        actual: record.content.size,
                        limit: request.partSizeMin,
                        number: listed.number,
                        etag: record.etag.string,
                    ),
                )
            }
            size += record.content.size
            parts.append(part)
        }
        if let expected = request.expectedSize, expected != size {
            throw StoreError(
                .invalidRequest,
                "the parts amount to \(size) bytes and not to the \(expected) that x-amz-mp-object-size names",
            )
        }
        self.stored = stored
        self.parts = parts
        self.size = size
        self.etag = Self.etag(parts.map(\.record))
        self.checksum = MultipartChecksum.combine(parts.map(\.record), as: upload.checksum)
        try MultipartChecksum.compare(request.expectedChecksum, with: checksum)
    }

    /// Whether it still says what these parts would make.
    func isMade(of stored: [StoredPart]) -> Bool {
        self.stored == stored
    }

    /// The stored part that a line of the request names.
    private static func match(
        _ listed: CompletedPart,
        _ stored: StoredPart?,
        _ upload: UploadReference,
        _ promised: UploadChecksum?
    ) throws(StoreError) -> StoredPart {
        let details = StoreError.Details.part(
            uploadID: upload.uploadID,
            number: listed.number,
            etag: listed.etag.string,
        )
        guard let stored, stored.record.etag == listed.etag else { throw StoreError(.invalidPart, details: details) }
        guard let checksum = listed.checksum else {
            if let promised, promised.type == .composite {
                throw StoreError(
                    .invalidRequest,
                    "the upload was created using a \(promised.algorithm.name) checksum, and part \(listed.number) is "
                        + "listed without one",
                )
            }
            return stored
        }
        guard let kept = stored.record.fields.checksums.first, kept.algorithm == checksum.algorithm else {
            throw StoreError(.badDigest, "part \(listed.number) has no \(checksum.algorithm.name) checksum")
        }
        guard kept.bytes == checksum.bytes else { throw StoreError(.invalidPart, details: details) }
        return stored
    }

    /// The MD5 of the parts' MD5s, and their number.
    private static func etag(_ parts: [PartRecord]) -> ETag {
        var digests: [UInt8] = []
        digests.reserveCapacity(parts.count * 16)
        for part in parts { digests.append(contentsOf: part.etag.bytes) }
        return ETag(bytes: MD5.hash(digests), partCount: UInt32(parts.count))
    }
}
