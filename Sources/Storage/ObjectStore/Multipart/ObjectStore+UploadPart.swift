// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    package func uploadPart(
        _ upload: UploadReference,
        number: Int,
        digests: DigestRequest,
        expectedSize: UInt64?,
        body: any ObjectBody
    ) async throws(StoreError) -> PartInfo {
        try PartNumber.check(number)
        let record = try await uploadRecord(upload)
        var digests = digests
        digests.checksum = try record.partAlgorithm(digests.checksum)
        let staged = try await stage(body, digests, record.chunking, expectedSize: expectedSize)
        return try await commitPart(upload, number, staged)
    }

    /// Whole content of one piece is shared; anything else streams through a writer, which stores no chunk that is
    /// there already. A range, and an object that is itself of parts, have an MD5 that only reading them gives.
    package func uploadPartCopy(
        _ upload: UploadReference,
        number: Int,
        source: any OpenedObject,
        range: Range<UInt64>?
    ) async throws(StoreError) -> PartInfo {
        try PartNumber.check(number)
        let size = source.info.size
        let range = range ?? 0..<size
        guard range.upperBound <= size else {
            throw StoreError(
                .invalidRange,
                "the range ends behind the source's \(size) bytes",
                details: .size(actual: range.upperBound, limit: size),
            )
        }
        let record = try await uploadRecord(upload)
        let algorithm = try record.partAlgorithm(nil)
        if range == 0..<size, let part = try await shareWhole(source, algorithm, upload, number) { return part }
        let staged = try await stage(
            source.read(range),
            DigestRequest(checksum: algorithm),
            record.chunking,
            expectedSize: UInt64(range.count),
        )
        return try await commitPart(upload, number, staged)
    }

    private func commitPart(
        _ upload: UploadReference,
        _ number: Int,
        _ staged: StagedContent
    ) async throws(StoreError) -> PartInfo {
        let id = try upload.id
        return try await engine.commit([staged]) { transaction throws(StoreError) in
            try transaction.checkUpload(upload, id)
            var fields = VersionFields()
            if let checksum = staged.checksum { fields.checksums = [checksum] }
            let record = PartRecord(
                content: try transaction.adopt(staged),
                lastModified: transaction.now,
                etag: ETag(bytes: staged.entityTag.bytes),
                fields: fields,
            )
            try transaction.putPart(id, number, record)
            return record.info(number: number)
        }
    }

    /// Nil when the source can't simply be shared, or is gone by now and only its handle still reads.
    private func shareWhole(
        _ source: any OpenedObject,
        _ algorithm: ChecksumAlgorithm,
        _ upload: UploadReference,
        _ number: Int
    ) async throws(StoreError) -> PartInfo? {
        guard let source = source as? StoredObject, source.content.kind == .recipe || source.content.kind == .inline,
            source.info.etag.partCount == 0, source.fields.encryption == nil,
            let checksum = source.info.checksums.first(where: { $0.algorithm == algorithm && $0.type == .fullObject })
        else { return nil }
        let id = try upload.id
        let (content, etag, sourceKey) = (source.content, source.info.etag, source.storedKey)
        return try await engine.commit([]) { transaction throws(StoreError) in
            try transaction.checkUpload(upload, id)
            // Only what a version still holds may be counted once more.
            guard try transaction.versionHeader(sourceKey)?.content == content else { return nil }
            var fields = VersionFields()
            fields.checksums = [checksum]
            let record = PartRecord(
                content: try transaction.duplicate(content),
                lastModified: transaction.now,
                etag: etag,
                fields: fields,
            )
            try transaction.putPart(id, number, record)
            return record.info(number: number)
        }
    }
}

extension UploadRecord {
    /// What a part is checksummed with when the client asks for `requested`.
    /// - Throws: `invalidRequest` when the upload promised another algorithm.
    fileprivate func partAlgorithm(_ requested: ChecksumAlgorithm?) throws(StoreError) -> ChecksumAlgorithm {
        guard let promised = checksum?.algorithm else { return requested ?? .crc64nvme }
        guard requested == nil || requested == promised else {
            throw StoreError(
                .invalidRequest,
                "checksum type mismatch occurred, expected checksum type: \(promised.name), "
                    + "actual checksum type: \(requested?.name ?? "null")",
            )
        }
        return promised
    }
}

extension CommitTransaction {
    /// An abort or a completion while the part was under way leaves no place for it.
    /// - Throws: `noSuchBucket`, `noSuchUpload`.
    func checkUpload(_ upload: UploadReference, _ id: UploadID) throws(StoreError) {
        let key = ObjectKeys.upload(try bucketID(upload.bucket), upload.key.bytes, id)
        guard try get(.uploads, key) != nil else { throw upload.missing }
    }

    /// Takes the place of an earlier write of the same number, whose content is let go.
    fileprivate mutating func putPart(_ id: UploadID, _ number: Int, _ record: PartRecord) throws(StoreError) {
        let key = ObjectKeys.part(id, number)
        if let earlier = try get(.uploads, key) { try release(try PartRecord.decode(earlier, key).content) }
        put(.uploads, key, record.encoded())
    }
}
