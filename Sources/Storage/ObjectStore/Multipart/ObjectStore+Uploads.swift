// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    /// - Throws: `invalidRequest` for a checksum type that its algorithm can't have.
    package func createUpload(_ request: CreateUploadRequest) async throws(StoreError) -> UploadInfo {
        if let checksum = request.checksum, !MultipartChecksum.isAllowed(checksum) {
            throw StoreError(
                .invalidRequest,
                "the \(checksum.type == .composite ? "COMPOSITE" : "FULL_OBJECT") checksum type cannot be used with "
                    + "the \(checksum.algorithm.name) checksum algorithm",
            )
        }
        let random = random.next()
        return try await engine.commit([]) { transaction throws(StoreError) in
            let bucketID = try transaction.bucketID(request.bucket)
            let now = transaction.now
            let id = UploadID(time: UInt64(bitPattern: now.nanoseconds), random: random)
            var fields = VersionFields()
            fields.metadata = request.metadata
            let record = UploadRecord(
                initiated: now,
                checksum: request.checksum,
                chunking: request.chunking,
                fields: fields,
            )
            transaction.put(.uploads, ObjectKeys.upload(bucketID, request.key.bytes, id), record.encoded())
            return record.info(key: request.key, id: id)
        }
    }

    package func abortUpload(_ upload: UploadReference) async throws(StoreError) {
        let id = try upload.id
        try await engine.commit([]) { transaction throws(StoreError) in
            let bucketID = try transaction.bucketID(upload.bucket)
            let key = ObjectKeys.upload(bucketID, upload.key.bytes, id)
            guard try transaction.get(.uploads, key) != nil else { throw upload.missing }
            try transaction.dropUpload(key, id, try transaction.parts(id))
        }
    }

    package func listParts(
        _ upload: UploadReference,
        after number: Int,
        limit: Int
    ) async throws(StoreError) -> ListPartsResult {
        let id = try upload.id
        let key = ObjectKeys.upload(try buckets.find(upload.bucket).id, upload.key.bytes, id)
        return try await onWorker { metadata throws(StoreError) in
            var parts: [PartInfo] = []
            var isTruncated = false
            let (lower, upper) = ObjectKeys.parts(id, after: min(max(number, 0), PartNumber.max))
            try TableScan(metadata).forEach(.uploads, from: lower, until: upper) { key, value throws(StoreError) in
                guard parts.count < limit else {
                    // A page of no parts is not a cut one.
                    isTruncated = limit > 0
                    return false
                }
                let part = try StoredPart(key, value)
                parts.append(part.record.info(number: part.number))
                return true
            }
            // Last: an upload that is there now was there during the walk. The other way round one that was completed or
            // aborted meanwhile would seem to have no parts.
            guard let record = try UploadRecord.read(metadata, key) else { throw upload.missing }
            return ListPartsResult(upload: record.info(key: upload.key, id: id), parts: parts, isTruncated: isTruncated)
        }
    }

    package func listUploads(_ request: ListUploadsRequest) async throws(StoreError) -> ListUploadsResult {
        let bucketID = try buckets.find(request.bucket).id
        var bounded = request
        bounded.limit = min(request.limit, configuration.listCountMax)
        let lister = UploadLister(bucketID: bucketID, request: bounded)
        return try await onWorker { metadata throws(StoreError) in try lister.run(metadata) }
    }

    /// The record of an upload outside a commit. - Throws: `noSuchBucket`, `noSuchUpload`.
    func uploadRecord(_ upload: UploadReference) async throws(StoreError) -> UploadRecord {
        let key = ObjectKeys.upload(try buckets.find(upload.bucket).id, upload.key.bytes, try upload.id)
        guard let value = try await value(.uploads, key) else { throw upload.missing }
        return try UploadRecord.decode(value, key)
    }
}

/// The numbers a part may have (`spec/s3.md` §1.3).
enum PartNumber {
    static let min = 1
    static let max = 10_000

    /// - Throws: `invalidArgument`.
    static func check(_ number: Int) throws(StoreError) {
        guard (min...max).contains(number) else {
            throw StoreError(
                .invalidArgument,
                "part number must be an integer between \(min) and \(max), inclusive",
                details: .argument(name: "partNumber", value: String(number)),
            )
        }
    }
}

extension UploadReference {
    /// - Throws: `noSuchUpload` for what can't be an upload's name.
    var id: UploadID {
        get throws(StoreError) {
            guard let id = UploadID(uploadID) else { throw missing }
            return id
        }
    }

    var missing: StoreError { StoreError(.noSuchUpload, details: .upload(uploadID)) }
}
