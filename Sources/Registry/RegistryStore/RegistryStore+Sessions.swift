// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
import StorageTypes

/// What a client may know of a session.
package struct UploadStatus: Sendable, Hashable {
    /// A UUID in lower case.
    package let id: String
    /// Bytes received.
    package let offset: UInt64
}

/// Starting, looking at and dropping upload sessions (`spec/registry.md` §5.1, §5.2).
extension RegistryStore {
    package func startUpload(
        in repository: RepositoryName,
        algorithm: OCIDigest.Algorithm = .sha256
    ) async throws(RegistryError) -> UploadStatus {
        let id = newID()
        let session = UploadSession(repository: repository, algorithm: algorithm, now: clock.now())
        try await put([SmallWrite(key: Layout.uploadState(id), bytes: session.encoded())])
        return UploadStatus(id: id, offset: 0)
    }

    /// - Throws: `blobUploadUnknown` for a session that never was, ended, ran out, or belongs to another repository.
    package func uploadStatus(_ id: String, in repository: RepositoryName) async throws(RegistryError) -> UploadStatus {
        let stored = try await session(id, in: repository)
        guard stored.session.completed.isEmpty else { throw RegistryError(.blobUploadUnknown) }
        return UploadStatus(id: id, offset: stored.session.offset)
    }

    /// Drops the session and what it received. A writer that is at work fails at its next checkpoint.
    package func cancelUpload(_ id: String, in repository: RepositoryName) async throws(RegistryError) {
        let stored = try await session(id, in: repository)
        guard stored.session.completed.isEmpty else { throw RegistryError(.blobUploadUnknown) }
        try await drop(id, stored.session)
    }

    /// The state first: without it the session is gone, whatever becomes of the rest.
    func drop(_ id: String, _ session: UploadSession) async throws(RegistryError) {
        try await delete([Layout.uploadState(id), Layout.uploadData(id, generation: session.generation)])
        guard let uploadID = session.uploadID else { return }
        do {
            try await store.abortUpload(reference(id, session, uploadID))
        } catch {
            guard error.code == .noSuchUpload else { throw RegistryError(error) }
        }
    }

    func session(
        _ id: String,
        in repository: RepositoryName
    ) async throws(RegistryError) -> (session: UploadSession, etag: ETag) {
        guard Self.isID(id), let object = try await open(Layout.uploadState(id)) else {
            throw RegistryError(.blobUploadUnknown)
        }
        guard let session = UploadSession(decoding: try await bytes(object)) else {
            throw RegistryError(
                .blobUploadInvalid,
                "the session was left by another version of the registry",
                status: 404
            )
        }
        guard session.repository == repository, !isExpired(session) else { throw RegistryError(.blobUploadUnknown) }
        return (session, object.info.etag)
    }

    func reference(_ id: String, _ session: UploadSession, _ uploadID: String) -> UploadReference {
        UploadReference(
            bucket: bucket,
            key: Layout.uploadData(id, generation: session.generation),
            uploadID: uploadID,
        )
    }

    func isExpired(_ session: UploadSession) -> Bool {
        let secondsMax =
            session.completed.isEmpty ? configuration.uploadIdleSecondsMax : configuration.completedSecondsMax
        return session.lastUsed.advanced(bySeconds: secondsMax) < clock.now()
    }

    /// 128 random bits in the form of a UUID (version 4).
    func newID() -> String {
        let high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let hex = Hex.encode(
            [high, low].flatMap { word in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
            }
        )
        let ends = [0, 8, 12, 16, 20, 32]
        return zip(ends, ends.dropFirst()).map { start, end in String(hex.dropFirst(start).prefix(end - start)) }
            .joined(separator: "-")
    }

    private static func isID(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) || $0 == UInt8(ascii: "-") }
    }
}
