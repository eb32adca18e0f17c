// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    package func putObject(
        _ request: PutObjectRequest,
        body: any ObjectBody
    ) async throws(StoreError) -> PutObjectResult {
        let bucketID = try buckets.find(request.bucket).id
        try checkEarly(request.condition, bucketID, request.key)
        let staged = try await stage(body, request.digests, request.chunking, expectedSize: request.expectedSize)
        return try await engine.commit([staged]) { transaction throws(StoreError) in
            let key = ObjectKeys.object(try transaction.bucketID(request.bucket), request.key.bytes)
            let current = try transaction.versionHeader(key)
            try request.condition.checkWrite(current, key: request.key)
            var fields = VersionFields()
            fields.metadata = request.metadata
            if let checksum = staged.checksum { fields.checksums = [checksum] }
            let record = VersionRecord(
                lastModified: transaction.now,
                etag: staged.entityTag,
                content: try transaction.adopt(staged, over: current?.content),
                fields: fields,
            )
            try transaction.replace(key, current, with: record)
            return record.putResult
        }
    }

    /// Spares the client a long upload when its condition fails already. The commit decides.
    private func checkEarly(
        _ condition: WriteCondition,
        _ bucketID: UInt64,
        _ key: ObjectKey
    ) throws(StoreError) {
        guard condition != .none else { return }
        switch try cachedValue(.objects, ObjectKeys.object(bucketID, key.bytes)) {
        case .unknown: return
        case .absent: try condition.checkWrite(nil, key: key)
        case .value(let value): try condition.checkWrite(try VersionHeader.decode(value, key.bytes), key: key)
        }
    }

    /// Reads `body` to its end and compares what came with what was announced; nothing is visible yet.
    func stage(
        _ body: any ObjectBody,
        _ digests: DigestRequest,
        _ chunking: Chunking,
        expectedSize: UInt64?
    ) async throws(StoreError) -> StagedContent {
        var digests = digests
        digests.checksum = digests.checksum ?? .crc64nvme
        let writer = engine.makeWriter(digests: digests, expectedSize: expectedSize, chunking: chunking)
        let expectations: ContentExpectations
        let staged: StagedContent
        do {
            while let piece = try await body.next() {
                try await writer.write(piece)
            }
            expectations = try body.expectations()
            staged = try await writer.finish()
        } catch {
            await writer.abandon()
            throw error
        }
        do {
            try expectations.compare(with: staged)
        } catch {
            engine.discard(staged)
            throw error
        }
        return staged
    }
}

extension ContentExpectations {
    /// - Throws: `badDigest`, `payloadHashMismatch`.
    fileprivate func compare(with staged: StagedContent) throws(StoreError) {
        if let md5 {
            guard let found = staged.md5 else { throw Self.notComputed("MD5") }
            guard md5 == found else {
                throw StoreError(
                    .badDigest,
                    "the Content-MD5 you specified did not match what we received",
                    details: .digest(expected: Base64.encode(md5), calculated: Base64.encode(found)),
                )
            }
        }
        if let sha256 {
            guard let found = staged.sha256 else { throw Self.notComputed("SHA256") }
            guard sha256 == found else {
                throw StoreError(.payloadHashMismatch, details: .digest(expected: sha256.hex, calculated: found.hex))
            }
        }
        if let checksum {
            guard let found = staged.checksum, checksum.algorithm == found.algorithm else {
                throw Self.notComputed(checksum.algorithm.name)
            }
            guard checksum.bytes == found.bytes else {
                throw StoreError(
                    .badDigest,
                    "the \(checksum.algorithm.name) you specified did not match the calculated checksum",
                    details: .digest(
                        expected: Base64.encode(checksum.bytes),
                        calculated: Base64.encode(found.bytes),
                    ),
                )
            }
        }
    }

    /// What a trailer names has to be announced before the first byte.
    private static func notComputed(_ algorithm: String) -> StoreError {
        StoreError(.invalidRequest, "a \(algorithm) value came that was not announced before the content")
    }
}
