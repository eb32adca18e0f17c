// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    /// O(parts): the parts' references move into an assembly, no content is touched.
    package func completeUpload(_ request: CompleteUploadRequest) async throws(StoreError) -> PutObjectResult {
        let upload = request.upload
        let id = try upload.id
        let prepared = try await prepare(request, id)
        return try await engine.commit([]) { transaction throws(StoreError) in
            let bucketID = try transaction.bucketID(upload.bucket)
            let uploadKey = ObjectKeys.upload(bucketID, upload.key.bytes, id)
            let objectKey = ObjectKeys.object(bucketID, upload.key.bytes)
            let current = try transaction.get(.objects, objectKey)
            guard let value = try transaction.get(.uploads, uploadKey) else {
                return try Self.earlierResult(current, upload, id)
            }
            let header = try current.map { value throws(StoreError) in try VersionHeader.decode(value, objectKey) }
            try request.condition.checkWrite(header, key: upload.key)
            let record = try UploadRecord.decode(value, uploadKey)
            let stored = try transaction.parts(id)
            // A part that was written again since leaves nothing of what was prepared.
            let completion =
                try prepared?.isMade(of: stored) == true
                ? prepared : UploadCompletion(request, upload: record, stored: stored)
            guard let completion else { throw upload.missing }
            let version = try transaction.assemble(completion, stored, record, id)
            transaction.delete(.uploads, uploadKey)
            try transaction.replace(objectKey, header, with: version)
            return version.putResult
        }
    }

    /// Combines the checksums of many parts on a worker thread, so that the commit, which all writers share, need not.
    /// Nil for few parts, and for an upload that is gone, which the commit tells from a repetition.
    private func prepare(
        _ request: CompleteUploadRequest,
        _ id: UploadID
    ) async throws(StoreError) -> UploadCompletion? {
        guard request.parts.count > 32 else { return nil }
        let key = ObjectKeys.upload(try buckets.find(request.upload.bucket).id, request.upload.key.bytes, id)
        return try await onWorker { metadata throws(StoreError) in
            guard let upload = try UploadRecord.read(metadata, key) else { return nil }
            var stored: [StoredPart] = []
            let (lower, upper) = ObjectKeys.parts(id)
            try TableScan(metadata).forEach(.uploads, from: lower, until: upper) { key, value throws(StoreError) in
                stored.append(try StoredPart(key, value))
                return true
            }
            return try UploadCompletion(request, upload: upload, stored: stored)
        }
    }

    /// The answer to a completion repeated while its object stands.
    private static func earlierResult(
        _ current: [UInt8]?,
        _ upload: UploadReference,
        _ id: UploadID
    ) throws(StoreError) -> PutObjectResult {
        guard let current else { throw upload.missing }
        let version = try VersionRecord.decode(current, upload.key)
        guard version.fields.completedUpload == id else { throw upload.missing }
        return version.putResult
    }
}

extension CommitTransaction {
    /// The parts of an upload, by number.
    func parts(_ id: UploadID, countMax: Int = PartNumber.max) throws(StoreError) -> [StoredPart] {
        var parts: [StoredPart] = []
        let (lower, upper) = ObjectKeys.parts(id)
        try scan(.uploads, from: lower, until: upper) { key, value throws(StoreError) in
            guard parts.count < countMax else { return false }
            parts.append(try StoredPart(key, value))
            return true
        }
        return parts
    }

    /// Turns the listed parts into one content, lets the others go and removes all part records.
    fileprivate mutating func assemble(
        _ completion: UploadCompletion,
        _ stored: [StoredPart],
        _ upload: UploadRecord,
        _ id: UploadID
    ) throws(StoreError) -> VersionRecord {
        let content = try join(completion, upload.chunking)
        let listed = Set(completion.parts.map(\.number))
        for part in stored {
            if !listed.contains(part.number) { try release(part.record.content) }
            delete(.uploads, ObjectKeys.part(id, part.number))
        }
        var fields = upload.fields
        fields.completedUpload = id
        if let checksum = completion.checksum { fields.checksums = [checksum] }
        return VersionRecord(
            lastModified: now,
            etag: completion.etag,
            partCount: UInt32(completion.parts.count),
            content: content,
            fields: fields,
        )
    }

    /// One content of all parts, whose chunks become those of one content later, if they are cut by what they hold. Empty parts
    /// alone have nothing to join.
    private mutating func join(
        _ completion: UploadCompletion,
        _ chunking: Chunking
    ) throws(StoreError) -> ContentReference {
        guard completion.size > 0 else { return .empty }
        return try assemble(
            completion.parts.map { part in
                AssemblyPart(
                    number: UInt32(part.number),
                    content: part.record.content,
                    md5: part.record.etag.bytes,
                    checksum: part.record.fields.checksums.first,
                )
            },
            joins: chunking == .contentDefined
        )
    }
}
