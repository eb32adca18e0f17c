// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import OCIModel
package import StorageTypes

/// Turning what was received into a blob (`spec/registry.md` §5.2, §5.3).
extension RegistryStore {
    /// Content that has its digests and is not a blob yet.
    private enum Staged {
        case bytes([UInt8])
        case object(any OpenedObject)

        var byteCount: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .object(let object): object.info.size
            }
        }
    }

    /// Takes a blob in one request. Up to the tail's size it costs two commits, else four.
    ///
    /// - Parameter digests: at least one; the content must have them all.
    /// - Throws: `digestInvalid` when it has not; then nothing is left of it.
    package func putBlob(
        _ digests: [OCIDigest],
        in repository: RepositoryName,
        contentLength: UInt64?,
        body: any ObjectBody
    ) async throws(RegistryError) {
        let session = UploadSession(repository: repository, algorithm: .sha256, now: clock.now())
        try check(nil, contentLength, against: session)
        let source = source(of: body, range: nil, session: session)
        if await source.fill(beyond: configuration.tailByteCountMax) {
            let key = Layout.uploadData(newID(), generation: 0)
            let object = try await putWhole(source, at: key, digests)
            try await publish(.object(object), digests, in: repository, alongside: [])
            try await delete([key])
        } else {
            let bytes = await drained(source)
            if let failure = source.failure { throw RegistryError(failure) }
            guard !source.isOverlong else { throw RegistryError(StoreError(.entityTooLarge)) }
            try verify(bytes, digests)
            try await publish(.bytes(bytes), digests, in: repository, alongside: [])
        }
    }

    /// Appends the body, if any, and closes the session. Repeating it within ten minutes succeeds again.
    ///
    /// - Throws: as `append`; `digestInvalid` when the content has other digests, and then the session is gone.
    package func finish(
        _ id: String,
        in repository: RepositoryName,
        digests: [OCIDigest],
        range: ChunkRange?,
        contentLength: UInt64?,
        body: (any ObjectBody)?
    ) async throws(RegistryError) {
        try await exclusively(id, in: repository) { (open: inout OpenSession) async throws(RegistryError) in
            guard open.session.completed.isEmpty else {
                return try await confirm(open.session, digests)
            }
            try check(range, contentLength, against: open.session)
            do throws(RegistryError) {
                let staged = try await staged(&open, digests, range: range, body: body)
                var completed = open.session
                completed.completed = digests
                completed.tail = []
                completed.lastUsed = clock.now()
                let state = SmallWrite(key: Layout.uploadState(id), bytes: completed.encoded())
                try await publish(staged, digests, in: repository, alongside: [state])
                try await discard(staged, of: open)
            } catch {
                if error.code == .digestInvalid { try await drop(id, open.session) }
                throw error
            }
        }
    }

    /// The answer to a closing PUT that was answered before.
    private func confirm(_ session: UploadSession, _ digests: [OCIDigest]) async throws(RegistryError) {
        for digest in digests {
            guard session.completed.contains(digest),
                try await exists(Layout.link(session.repository, digest))
            else { throw RegistryError(.blobUploadUnknown) }
        }
    }

    private func staged(
        _ open: inout OpenSession,
        _ digests: [OCIDigest],
        range: ChunkRange?,
        body: (any ObjectBody)?
    ) async throws(RegistryError) -> Staged {
        if let body {
            let source = source(of: body, range: range, session: open.session)
            let isFresh = open.session.offset == 0 && range == nil
            if isFresh, await source.fill(beyond: configuration.tailByteCountMax) {
                let key = Layout.uploadData(open.id, generation: open.session.generation)
                return .object(try await putWhole(source, at: key, digests))
            }
            if await source.fill(beyond: 0) {
                try await receive(source, into: &open, range: range)
            } else if let failure = source.failure {
                throw RegistryError(failure)
            }
        }
        let running = open.session.running.digest
        guard !digests.contains(where: { $0.conflicts(with: running) }) else { throw RegistryError(.digestInvalid) }
        guard open.session.partCount > 0 else {
            try verify(open.session.tail, digests)
            return .bytes(open.session.tail)
        }
        let object = try await completeParts(open)
        for algorithm in Set(digests.map(\.algorithm)).subtracting([running.algorithm]) {
            let found = try await digest(algorithm, of: object)
            guard !digests.contains(where: { $0.conflicts(with: found) }) else { throw RegistryError(.digestInvalid) }
        }
        return .object(object)
    }

    private func verify(_ bytes: [UInt8], _ digests: [OCIDigest]) throws(RegistryError) {
        for digest in digests where RunningDigest.digest(digest.algorithm, of: bytes) != digest {
            throw RegistryError(.digestInvalid)
        }
    }

    private func drained(_ source: SessionSource) async -> [UInt8] {
        source.isHashing = false
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.pendingByteCount)
        while let piece = await source.next(byteCountMax: .max) { bytes.append(contentsOf: piece.readableBytesView) }
        return bytes
    }

    private func putWhole(
        _ source: SessionSource,
        at key: ObjectKey,
        _ digests: [OCIDigest]
    ) async throws(RegistryError) -> any OpenedObject {
        let request = PutObjectRequest(
            bucket: bucket,
            key: key,
            digests: DigestRequest(sha256: digests.contains { $0.algorithm == .sha256 }, md5: false),
        )
        do {
            _ = try await store.putObject(request, body: WholeBody(source, announced: digests))
            return try await store.openObject(bucket: bucket, key: key)
        } catch {
            throw RegistryError(error)
        }
    }

    /// The whole object read once more, for an algorithm that was not known while it came. Not on the event loop of the request: what
    /// is in memory comes without a pause, and is to be hashed for seconds.
    private func digest(
        _ algorithm: OCIDigest.Algorithm,
        of object: any OpenedObject
    ) async throws(RegistryError) -> OCIDigest {
        let result: Result<OCIDigest, StoreError> = await withTaskExecutorPreference(globalConcurrentExecutor) {
            var running = RunningDigest(algorithm)
            let body = object.read(0..<object.info.size)
            do throws(StoreError) {
                while let piece = try await body.next() {
                    running.update(piece)
                    await Task.yield()
                }
                return .success(running.digest)
            } catch {
                return .failure(error)
            }
        }
        do {
            return try result.get()
        } catch {
            throw RegistryError(error)
        }
    }

    /// Makes the staged content a blob of the repository under each of its digests.
    ///
    /// Two commits: holder and content, then the link and what goes alongside.
    private func publish(
        _ staged: Staged,
        _ digests: [OCIDigest],
        in repository: RepositoryName,
        alongside: [SmallWrite]
    ) async throws(RegistryError) {
        for digest in digests {
            try await self.digests.withLock(digest.description) { () async throws(RegistryError) in
                let writes = digest == digests.last ? alongside : []
                guard try await !exists(Layout.link(repository, digest)) else { return try await put(writes) }
                let holder = SmallWrite(key: Layout.holder(digest, repository))
                if try await exists(Layout.content(digest)) {
                    try await put([holder])
                } else {
                    try await put(holder, and: staged, at: Layout.content(digest))
                }
                try await put([link(digest, size: staged.byteCount, in: repository)] + writes)
            }
        }
        // What was pushed is pulled soon.
        if case .object(let object) = staged { object.prefetch() }
    }

    private func put(
        _ holder: SmallWrite,
        and staged: Staged,
        at key: ObjectKey
    ) async throws(RegistryError) {
        switch staged {
        case .bytes(let bytes):
            try await put([holder, SmallWrite(key: key, bytes: bytes)])
        case .object(let object):
            let request = CopyObjectRequest(source: (bucket, object.info.key), bucket: bucket, key: key)
            async let held: Void = put([holder])
            do {
                _ = try await store.copyObject(request)
            } catch {
                throw RegistryError(error)
            }
            do { try await held } catch { throw error as? RegistryError ?? RegistryError(.unknown) }
        }
    }

    /// What a finished session leaves beside its state.
    private func discard(_ staged: Staged, of open: OpenSession) async throws(RegistryError) {
        switch staged {
        case .object(let object):
            try await delete([object.info.key])
        case .bytes:
            // A PATCH that was refused half-way may have begun it.
            guard let uploadID = open.session.uploadID else { return }
            try? await store.abortUpload(reference(open.id, open.session, uploadID))
        }
    }
}
