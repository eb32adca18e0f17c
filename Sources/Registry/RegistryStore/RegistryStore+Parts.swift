// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import StorageTypes

/// A session's multipart upload and its durable state.
extension RegistryStore {
    /// The largest range that S3 copies into one part.
    private static var copyByteCountMax: UInt64 { 5 << 30 }

    /// Makes the session ready for another part: begins its multipart upload, or folds the parts it has.
    func preparePart(_ open: inout OpenSession) async throws(RegistryError) {
        if open.session.uploadID == nil {
            open.session.uploadID = try await createUpload(open)
        } else if open.session.partCount >= configuration.partCountMax
            || (open.session.partCount > 0 && open.session.lastPartByteCount < configuration.partByteCountMin)
        {
            try await fold(&open)
        }
    }

    /// Completes the multipart upload and begins another with its object as the first part, so that a short last part or
    /// too many of them do not stand in the way. No content moves.
    ///
    /// Repeatable: until the new state is durable the old one leads here again, and completing twice is harmless.
    private func fold(_ open: inout OpenSession) async throws(RegistryError) {
        let object = try await completeParts(open)
        let key = object.info.key
        open.session.generation += 1
        if object.info.size < configuration.partByteCountMin {
            open.session.tail = try await bytes(object)
            open.session.partCount = 0
            open.session.uploadID = try await createUpload(open)
        } else {
            let uploadID = try await createUpload(open)
            let count = (object.info.size + Self.copyByteCountMax - 1) / Self.copyByteCountMax
            let share = (object.info.size + count - 1) / count
            for index in 0..<count {
                let range = index * share..<min((index + 1) * share, object.info.size)
                do {
                    _ = try await store.uploadPartCopy(
                        reference(open.id, open.session, uploadID),
                        number: Int(index) + 1,
                        source: object,
                        range: count == 1 ? nil : range,
                    )
                } catch {
                    throw RegistryError(error)
                }
                open.session.lastPartByteCount = UInt64(range.count)
            }
            open.session.uploadID = uploadID
            open.session.partCount = Int(count)
        }
        try await save(&open)
        try await delete([key])
    }

    /// Makes the parts one object under the session's data key. Repeating it is harmless.
    func completeParts(_ open: OpenSession) async throws(RegistryError) -> any OpenedObject {
        let key = Layout.uploadData(open.id, generation: open.session.generation)
        if let uploadID = open.session.uploadID {
            let upload = reference(open.id, open.session, uploadID)
            do {
                _ = try await store.completeUpload(
                    CompleteUploadRequest(
                        upload: upload,
                        parts: try await listedParts(upload, of: open.session),
                        expectedSize: open.session.offset,
                        partSizeMin: configuration.partByteCountMin,
                    )
                )
            } catch {
                // It may be complete already: a request before this one was cut short behind that point.
                guard error.code == .noSuchUpload else { throw RegistryError(error) }
            }
        }
        guard let object = try await self.open(key), object.info.size == open.session.offset else {
            throw RegistryError(.blobUploadUnknown, "what the upload received is gone")
        }
        return object
    }

    /// The parts that the session counts; a later one may exist, whose request was not acknowledged.
    private func listedParts(
        _ upload: UploadReference,
        of session: UploadSession
    ) async throws(StoreError) -> [CompletedPart] {
        var parts: [CompletedPart] = []
        while parts.count < session.partCount {
            let limit = min(1_000, session.partCount - parts.count)
            let page = try await store.listParts(upload, after: parts.last?.number ?? 0, limit: limit)
            parts.append(contentsOf: page.parts.map { CompletedPart(number: $0.number, etag: $0.etag, checksum: nil) })
            guard page.isTruncated, !page.parts.isEmpty else { break }
        }
        return parts
    }

    private func createUpload(_ open: OpenSession) async throws(RegistryError) -> String {
        let key = Layout.uploadData(open.id, generation: open.session.generation)
        do {
            return try await store.createUpload(CreateUploadRequest(bucket: bucket, key: key)).uploadID
        } catch {
            throw RegistryError(error)
        }
    }

    // MARK: - State

    func save(_ open: inout OpenSession) async throws(RegistryError) {
        open.session.lastUsed = clock.now()
        open.etag = try await checkpoint(open)
    }

    /// Writes the session's state if it still is the one that was read.
    ///
    /// - Throws: `blobUploadUnknown` when the session was dropped meanwhile, `rangeInvalid` when somebody moved it.
    func checkpoint(_ open: OpenSession) async throws(RegistryError) -> ETag {
        let state = SmallWrite(key: Layout.uploadState(open.id), bytes: open.session.encoded())
        do {
            return try await put(state, condition: WriteCondition(ifMatch: .etags([open.etag]))).etag
        } catch {
            switch error.code {
            case .noSuchKey: throw RegistryError(.blobUploadUnknown)
            case .preconditionFailed: throw RegistryError(.rangeInvalid, "another request writes to this upload")
            default: throw RegistryError(error)
            }
        }
    }
}
