// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import OCIModel
package import StorageTypes

/// The bytes that a `Content-Range` of a PATCH or PUT announces, both ends included.
package struct ChunkRange: Sendable, Hashable {
    package let first: UInt64
    package let last: UInt64

    package init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }
}

/// A session that this request has for itself.
struct OpenSession {
    let id: String
    var session: UploadSession
    /// Of the state as it was read or last written: another writer's change is noticed by it.
    var etag: ETag
}

/// Appending to an upload session (`spec/registry.md` §5.2).
extension RegistryStore {
    /// Appends the body and makes it durable, part by part.
    ///
    /// - Parameter body: left unread when the answer is a refusal.
    /// - Throws: `blobUploadUnknown`; `rangeInvalid` when `range` does not begin at the session's offset or another
    ///   request writes to it, session untouched; `sizeInvalid` when body and range disagree, session as before.
    ///   When the connection fails, what arrived is kept and its failure is thrown.
    package func append(
        _ id: String,
        in repository: RepositoryName,
        range: ChunkRange?,
        contentLength: UInt64?,
        body: any ObjectBody
    ) async throws(RegistryError) -> UploadStatus {
        try await exclusively(id, in: repository) { (open: inout OpenSession) async throws(RegistryError) in
            guard open.session.completed.isEmpty else { throw RegistryError(.blobUploadUnknown) }
            try check(range, contentLength, against: open.session)
            let source = source(of: body, range: range, session: open.session)
            try await receive(source, into: &open, range: range)
            return UploadStatus(id: id, offset: open.session.offset)
        }
    }

    /// Runs `body` with the session, which no other request of this process then writes to.
    func exclusively<Value>(
        _ id: String,
        in repository: RepositoryName,
        _ body: (inout OpenSession) async throws(RegistryError) -> Value
    ) async throws(RegistryError) -> Value {
        guard writing.enter(id) else {
            throw RegistryError(.rangeInvalid, "another request writes to this upload")
        }
        defer { writing.leave(id) }
        let stored = try await session(id, in: repository)
        var open = OpenSession(id: id, session: stored.session, etag: stored.etag)
        return try await body(&open)
    }

    /// What can be refused before a byte of the body is read.
    func check(
        _ range: ChunkRange?,
        _ contentLength: UInt64?,
        against session: UploadSession
    ) throws(RegistryError) {
        if let limit = configuration.blobByteCountMax, let contentLength, session.offset + contentLength > limit {
            throw RegistryError(StoreError(.entityTooLarge))
        }
        guard let range else { return }
        guard range.first == session.offset, range.last >= range.first else { throw RegistryError(.rangeInvalid) }
        if let contentLength, contentLength != range.last - range.first + 1 { throw RegistryError(.sizeInvalid) }
    }

    func source(of body: any ObjectBody, range: ChunkRange?, session: UploadSession) -> SessionSource {
        let room = (configuration.blobByteCountMax ?? UInt64(Int64.max)) - session.offset
        let announced = range.map { $0.last - $0.first + 1 } ?? room
        return SessionSource(body, running: session.running, byteCountMax: min(room, announced))
    }

    /// Takes everything the source has, and leaves the session durable at the offset it reports.
    ///
    /// Little content becomes the session's tail. Once there is more, tail and content go into parts of a multipart
    /// upload, streamed from the connection, each followed by a checkpoint that is written while the next part streams.
    func receive(
        _ source: SessionSource,
        into open: inout OpenSession,
        range: ChunkRange?
    ) async throws(RegistryError) {
        let room = configuration.tailByteCountMax - open.session.tail.count
        let isLarge = await source.fill(beyond: open.session.partCount > 0 ? 0 : max(0, room))
        if isLarge { try await preparePart(&open) }
        let before = open.session
        if isLarge {
            try await receiveParts(source, into: &open)
        } else {
            while let piece = await source.next(byteCountMax: .max) {
                open.session.tail.append(contentsOf: piece.readableBytesView)
                open.session.offset += UInt64(piece.readableBytes)
            }
            open.session.running = source.running
        }
        let disagreement = disagreement(source, range)
        // What belongs to no valid request is forgotten: its parts' numbers will be used again.
        if disagreement != nil { open.session = before }
        try await save(&open)
        if let disagreement { throw disagreement }
        if let failure = source.failure { throw RegistryError(failure) }
    }

    /// Streams the source into parts until it ends. The last part's checkpoint is left to the caller.
    private func receiveParts(
        _ source: SessionSource,
        into open: inout OpenSession
    ) async throws(RegistryError) {
        let failure = await withTaskGroup(of: Result<ETag, RegistryError>.self) { group -> RegistryError? in
            do throws(RegistryError) {
                repeat {
                    try await receivePart(source, into: &open)
                    guard await source.fill(beyond: 0) else { break }
                    if let checkpoint = await group.next() { open.etag = try checkpoint.get() }
                    let current = open
                    group.addTask {
                        do throws(RegistryError) {
                            return .success(try await checkpoint(current))
                        } catch {
                            return .failure(error)
                        }
                    }
                } while true
                if let checkpoint = await group.next() { open.etag = try checkpoint.get() }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func receivePart(_ source: SessionSource, into open: inout OpenSession) async throws(RegistryError) {
        guard let uploadID = open.session.uploadID else {
            throw RegistryError(.unknown, diagnosis: "upload \(open.id) has parts and no multipart upload")
        }
        // Doubling every thousand parts keeps any blob far below S3's 10,000 parts.
        let byteCountMax = configuration.partByteCount << UInt64(open.session.partCount / 1_000)
        let body = PartBody(source, prefix: open.session.tail, byteCountMax: byteCountMax)
        do {
            _ = try await store.uploadPart(
                reference(open.id, open.session, uploadID),
                number: open.session.partCount + 1,
                digests: DigestRequest(md5: false),
                expectedSize: nil,
                body: body,
            )
        } catch {
            throw RegistryError(error)
        }
        open.session.offset += body.byteCount - UInt64(open.session.tail.count)
        open.session.partCount += 1
        open.session.lastPartByteCount = body.byteCount
        open.session.tail = []
        open.session.running = source.running
    }

    private func disagreement(_ source: SessionSource, _ range: ChunkRange?) -> RegistryError? {
        guard let range else {
            return source.isOverlong ? RegistryError(StoreError(.entityTooLarge)) : nil
        }
        let announced = range.last - range.first + 1
        // A connection that broke is no disagreement: the client will ask how far it came.
        guard source.isOverlong || (source.failure == nil && source.received != announced) else { return nil }
        return RegistryError(.sizeInvalid)
    }
}
