// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
import StorageTypes

/// Lists of tags, repositories and referrers (`spec/registry.md` §7, §8).
extension RegistryStore {
    /// Tags behind `last`, in byte order. - Throws: `nameUnknown` when the repository holds nothing at all.
    package func tags(
        of repository: RepositoryName,
        after last: String,
        limit: Int
    ) async throws(RegistryError) -> (names: [String], hasMore: Bool) {
        guard limit > 0 else {
            guard try await repositoryExists(repository) else { throw RegistryError(.nameUnknown) }
            return ([], false)
        }
        let page = try await names(after: last, under: Layout.tags(repository), limit: limit)
        if page.names.isEmpty, try await !repositoryExists(repository) { throw RegistryError(.nameUnknown) }
        return page
    }

    /// Repositories with a manifest, behind `last`, in byte order.
    package func catalog(after last: String, limit: Int) async throws(RegistryError) -> (names: [String], hasMore: Bool)
    {
        guard limit > 0 else { return ([], false) }
        return try await names(after: last, under: Layout.catalog, limit: limit)
    }

    /// Descriptors of the manifests whose subject is `subject`, by push time, then digest; JSON objects as the list shows
    /// them. Nothing for a subject or repository that does not exist.
    ///
    /// - Parameter countMax: how many are looked at; those beyond it are not listed.
    package func referrers(
        of subject: OCIDigest,
        in repository: RepositoryName,
        countMax: Int = 10_000
    ) async throws(RegistryError) -> [(digest: OCIDigest, json: [UInt8])] {
        let prefix = Layout.referrers(repository, of: subject)
        var found: [(time: Timestamp, name: String, digest: OCIDigest, json: [UInt8])] = []
        for name in try await names(under: prefix, limit: countMax).names {
            guard let digest = OCIDigest(name),
                let edge = try await open(Layout.referrer(repository, of: subject, digest)),
                try await exists(Layout.manifest(repository, digest))
            else { continue }
            found.append((edge.info.lastModified, name, digest, try await bytes(edge)))
        }
        found.sort { ($0.time, $0.name) < ($1.time, $1.name) }
        return found.map { ($0.digest, $0.json) }
    }

    /// The record of a manifest in its subject's list; nil for one without a subject.
    func referrer(
        _ manifest: Manifest,
        _ digest: OCIDigest,
        byteCount: Int,
        in repository: RepositoryName
    ) -> SmallWrite? {
        guard let subject = manifest.subject else { return nil }
        var descriptor = JSONObject()
        descriptor.append("mediaType", .string(manifest.mediaType))
        descriptor.append("digest", .string(digest.description))
        descriptor.append("size", .integer(Int64(byteCount)))
        if let artifactType = manifest.artifactType { descriptor.append("artifactType", .string(artifactType)) }
        if !manifest.annotations.isEmpty { descriptor.append("annotations", .object(manifest.annotations)) }
        return SmallWrite(
            key: Layout.referrer(repository, of: subject.digest, digest),
            bytes: JSONValue.object(descriptor).encoded(),
            contentType: MediaType.json,
        )
    }
}
