// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
package import StorageTypes

/// Blobs of a repository: reading, mounting, deleting (`spec/registry.md` §4, §5.1, §9).
extension RegistryStore {
    /// The blob's content, or nil when the repository does not link it.
    package func blob(
        _ digest: OCIDigest,
        in repository: RepositoryName
    ) async throws(RegistryError) -> (any OpenedObject)? {
        guard try await exists(Layout.link(repository, digest)) else { return nil }
        return try await open(Layout.content(digest))
    }

    /// The size of a linked blob; nil when the repository does not link it.
    func linkedSize(_ digest: OCIDigest, in repository: RepositoryName) async throws(RegistryError) -> UInt64? {
        guard let link = try await open(Layout.link(repository, digest)) else { return nil }
        guard let size = UInt64(String(decoding: try await bytes(link), as: UTF8.self)) else {
            throw RegistryError(.unknown, diagnosis: "the link of \(digest) in \(repository) holds no size")
        }
        return size
    }

    /// Links the blob into `repository` if `source` holds it: any repository when nil.
    ///
    /// - Returns: false when there is nothing to mount.
    package func mount(
        _ digest: OCIDigest,
        from source: RepositoryName?,
        into repository: RepositoryName
    ) async throws(RegistryError) -> Bool {
        try await digests.withLock(digest.description) { () async throws(RegistryError) -> Bool in
            if try await exists(Layout.link(repository, digest)) { return true }
            let isHeld: Bool
            if let source {
                isHeld = try await exists(Layout.link(source, digest))
            } else {
                isHeld = try await liveHolders(digest, except: nil).isEmpty == false
            }
            guard isHeld, let content = try await open(Layout.content(digest)) else { return false }
            try await put([SmallWrite(key: Layout.holder(digest, repository))])
            try await put([link(digest, size: content.info.size, in: repository)])
            return true
        }
    }

    /// Unlinks the blob; its content goes with the last repository that links it.
    ///
    /// - Throws: `blobUnknown`; `denied` with 405 while a manifest of the repository names it.
    package func deleteBlob(_ digest: OCIDigest, in repository: RepositoryName) async throws(RegistryError) {
        try await repositories.withLock(repository.string) { () async throws(RegistryError) in
            try await digests.withLock(digest.description) { () async throws(RegistryError) in
                guard try await exists(Layout.link(repository, digest)) else { throw RegistryError(.blobUnknown) }
                let parents = try await parents(of: digest, in: repository)
                if let parent = parents.live {
                    throw RegistryError(.denied, "blob is in use by manifest \(parent)", status: 405)
                }
                var keys = [Layout.link(repository, digest), Layout.holder(digest, repository)] + parents.stale
                if try await liveHolders(digest, except: repository).isEmpty { keys.append(Layout.content(digest)) }
                try await delete(keys)
            }
        }
    }

    func link(_ digest: OCIDigest, size: UInt64, in repository: RepositoryName) -> SmallWrite {
        SmallWrite(key: Layout.link(repository, digest), bytes: Array(String(size).utf8))
    }

    /// The first repository that holds the blob, not looking at `except`; holders whose link a crash prevented don't
    /// count. The digest is locked by the caller.
    private func liveHolders(
        _ digest: OCIDigest,
        except: RepositoryName?
    ) async throws(RegistryError) -> [RepositoryName] {
        var last = ""
        while true {
            let page = try await names(after: last, under: Layout.holders(digest), limit: 100)
            for name in page.names {
                guard let holder = RepositoryName(name), holder != except else { continue }
                if try await exists(Layout.link(holder, digest)) { return [holder] }
            }
            guard page.hasMore, let end = page.names.last else { return [] }
            last = end
        }
    }

    /// A manifest of the repository that names `child`, if any; else the back references that a crash left behind.
    func parents(
        of child: OCIDigest,
        in repository: RepositoryName
    ) async throws(RegistryError) -> (live: OCIDigest?, stale: [ObjectKey]) {
        var stale: [ObjectKey] = []
        var last = ""
        while true {
            let page = try await names(after: last, under: Layout.parents(repository, of: child), limit: 100)
            for name in page.names {
                guard let parent = OCIDigest(name) else { continue }
                if try await exists(Layout.manifest(repository, parent)) { return (parent, []) }
                stale.append(Layout.parent(repository, of: child, parent))
            }
            guard page.hasMore, let end = page.names.last else { return (nil, stale) }
            last = end
        }
    }
}
