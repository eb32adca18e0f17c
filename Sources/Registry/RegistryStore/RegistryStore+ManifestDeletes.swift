// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
import StorageTypes

/// Deleting manifests and tags (`spec/registry.md` §9).
extension RegistryStore {
    /// Removes the tag only. - Throws: `manifestUnknown`.
    package func deleteTag(_ tag: Tag, in repository: RepositoryName) async throws(RegistryError) {
        try await repositories.withLock(repository.string) { () async throws(RegistryError) in
            guard let target = try await target(of: tag, in: repository) else {
                throw RegistryError(.manifestUnknown)
            }
            try await delete([Layout.tag(repository, tag), Layout.tagged(repository, target, tag)])
        }
    }

    /// Removes the manifest, its tags, its referrer edge and its hold on what it names, in one commit (of up to 1,000
    /// records: of more, the manifest goes with the last).
    ///
    /// - Throws: `manifestUnknown`; `denied` with 409 while an index names it, unless forced.
    package func deleteManifest(
        _ digest: OCIDigest,
        in repository: RepositoryName,
        isForced: Bool
    ) async throws(RegistryError) {
        try await repositories.withLock(repository.string) { () async throws(RegistryError) in
            let key = Layout.manifest(repository, digest)
            guard let object = try await open(key) else { throw RegistryError(.manifestUnknown) }
            let parents = try await parents(of: digest, in: repository)
            if let parent = parents.live, !isForced {
                throw RegistryError(.denied, "manifest is in use by index \(parent)", status: 409)
            }
            var keys = parents.stale + (try await tagRecords(of: digest, in: repository))
            let stored = try await bytes(object)
            if let manifest = try? ManifestValidator().validate(stored, contentType: object.info.metadata.contentType) {
                keys += manifest.references.map { Layout.parent(repository, of: $0, digest) }
                if let subject = manifest.subject {
                    keys.append(Layout.referrer(repository, of: subject.digest, digest))
                }
            }
            let remaining = try await names(under: Layout.manifests(repository), limit: 2).names
            if remaining.count == 1 { keys.append(Layout.catalog(repository)) }
            try await delete(keys + [key])
        }
    }

    /// The records of every tag that points at the manifest. A back reference whose tag moved on goes as well, its tag
    /// stays.
    private func tagRecords(
        of digest: OCIDigest,
        in repository: RepositoryName
    ) async throws(RegistryError) -> [ObjectKey] {
        var keys: [ObjectKey] = []
        var last = ""
        while true {
            let page = try await names(after: last, under: Layout.tagged(repository, digest), limit: 1_000)
            for tag in page.names.compactMap({ Tag($0) }) {
                if try await target(of: tag, in: repository) == digest { keys.append(Layout.tag(repository, tag)) }
                keys.append(Layout.tagged(repository, digest, tag))
            }
            guard page.hasMore, let end = page.names.last else { return keys }
            last = end
        }
    }
}
