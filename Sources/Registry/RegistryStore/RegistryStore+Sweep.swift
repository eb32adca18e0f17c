// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
import StorageTypes

/// Giving back what uploads left behind (`spec/registry.md` §5.2, last row).
extension RegistryStore {
    /// Drops sessions that were idle too long, records of finished ones, and content and multipart uploads whose session
    /// is gone.
    ///
    /// Cost: one listing of all sessions and one of the bucket's multipart uploads. Run it every few minutes. Ends after a page
    /// when the task is cancelled.
    ///
    /// - Parameter damaged: called for each thing that can't be read. It stays; the others go.
    /// - Returns: how many things were dropped.
    package func dropExpiredUploads(
        damaged: @Sendable (RegistryError) -> Void = { _ in }
    ) async throws(RegistryError) -> Int {
        try await dropSessions(damaged) + dropOrphanedUploads(damaged)
    }

    private func dropSessions(_ damaged: @Sendable (RegistryError) -> Void) async throws(RegistryError) -> Int {
        var dropped = 0
        var after: [UInt8] = []
        while true {
            let page: ListResult
            do {
                page = try await store.listObjects(
                    ListRequest(bucket: bucket, prefix: Array(Layout.uploads.utf8), after: after)
                )
            } catch {
                throw RegistryError(error)
            }
            for object in page.objects {
                let name = Layout.name(object.key, after: Layout.uploads)
                let id = String(name.prefix { $0 != "/" })
                let isState = name.hasSuffix(Layout.stateSuffix)
                let isDropped = try await passingOver(damaged) { () async throws(RegistryError) in
                    try await isState ? dropIfExpired(id) : dropIfOrphaned(object, of: id)
                }
                if isDropped { dropped += 1 }
            }
            guard let next = page.next, !Task.isCancelled else { return dropped }
            after = next
        }
    }

    private func dropIfExpired(_ id: String) async throws(RegistryError) -> Bool {
        guard writing.enter(id) else { return false }
        defer { writing.leave(id) }
        guard let object = try await open(Layout.uploadState(id)) else { return false }
        if let session = UploadSession(decoding: try await bytes(object)) {
            guard isExpired(session) else { return false }
            try await drop(id, session)
        } else {
            try await delete([Layout.uploadState(id)])
        }
        return true
    }

    /// Content without a session: a blob sent in one request that a crash cut short.
    private func dropIfOrphaned(_ object: ListedObject, of id: String) async throws(RegistryError) -> Bool {
        guard isOld(object.lastModified), try await !exists(Layout.uploadState(id)) else { return false }
        try await delete([object.key])
        return true
    }

    private func dropOrphanedUploads(_ damaged: @Sendable (RegistryError) -> Void) async throws(RegistryError) -> Int {
        var dropped = 0
        var request = ListUploadsRequest(bucket: bucket, prefix: Array(Layout.uploads.utf8))
        while true {
            let page: ListUploadsResult
            do {
                page = try await store.listUploads(request)
            } catch {
                throw RegistryError(error)
            }
            for upload in page.uploads where isOld(upload.initiated) {
                let isDropped = try await passingOver(damaged) { () async throws(RegistryError) in
                    try await dropIfOrphaned(upload)
                }
                if isDropped { dropped += 1 }
            }
            guard let next = page.next, !Task.isCancelled else { return dropped }
            request.keyMarker = next.keyMarker
            request.uploadIDMarker = next.uploadIDMarker
        }
    }

    private func dropIfOrphaned(_ upload: UploadInfo) async throws(RegistryError) -> Bool {
        let id = String(Layout.name(upload.key, after: Layout.uploads).prefix { $0 != "/" })
        if try await exists(Layout.uploadState(id)) { return false }
        do {
            try await store.abortUpload(UploadReference(bucket: bucket, key: upload.key, uploadID: upload.uploadID))
        } catch {
            throw RegistryError(error)
        }
        return true
    }

    /// A record that can't be read keeps nobody from dropping the others.
    private func passingOver(
        _ damaged: @Sendable (RegistryError) -> Void,
        _ drop: () async throws(RegistryError) -> Bool
    ) async throws(RegistryError) -> Bool {
        do throws(RegistryError) {
            return try await drop()
        } catch {
            guard error.code == .unknown else { throw error }
            damaged(error)
            return false
        }
    }

    private func isOld(_ time: Timestamp) -> Bool {
        time.advanced(bySeconds: configuration.uploadIdleSecondsMax) < clock.now()
    }
}
