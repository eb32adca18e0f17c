// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import OCIModel
package import StorageTypes

/// A manifest that was found.
package struct StoredManifest {
    /// As it was asked for, or as the tag was set.
    package let digest: OCIDigest
    package let object: any OpenedObject

    package var mediaType: String { object.info.metadata.contentType ?? MediaType.octetStream }
}

/// Reading and writing manifests (`spec/registry.md` §6).
extension RegistryStore {
    /// What a PUT by tag asks of the tag as it is.
    package enum TagCondition: Sendable, Hashable {
        case none
        /// `If-None-Match: *`
        case absent
        /// `If-Match`
        case pointsAt([String])
    }

    /// Nil when there is none.
    package func manifest(
        _ reference: Reference,
        in repository: RepositoryName
    ) async throws(RegistryError) -> StoredManifest? {
        let digest: OCIDigest
        switch reference {
        case .digest(let named): digest = named
        case .tag(let tag):
            guard let target = try await target(of: tag, in: repository) else { return nil }
            digest = target
        }
        guard let object = try await open(Layout.manifest(repository, digest)) else { return nil }
        return StoredManifest(digest: digest, object: object)
    }

    /// The same without waiting; nil when it is not known at once whether there is one.
    package func manifestIfCached(_ reference: Reference, in repository: RepositoryName) -> StoredManifest? {
        let digest: OCIDigest
        switch reference {
        case .digest(let named): digest = named
        case .tag(let tag):
            guard let object = try? store.openObjectIfCached(bucket: bucket, key: Layout.tag(repository, tag)),
                let text = object.readIfCached(0..<object.info.size),
                let target = OCIDigest(String(decoding: text.readableBytesView, as: UTF8.self))
            else { return nil }
            digest = target
        }
        let key = Layout.manifest(repository, digest)
        guard let object = try? store.openObjectIfCached(bucket: bucket, key: key) else { return nil }
        return StoredManifest(digest: digest, object: object)
    }

    /// Stores a manifest under a digest, then points tags at it. Repeating it is harmless.
    ///
    /// Three commits: back references, the manifest, its tags. The tags of one request are written side by side; a crash
    /// may leave some of them set.
    ///
    /// - Parameter condition: judged for each tag, before anything is written.
    /// - Throws: `manifestInvalid`, `manifestBlobUnknown`, `digestInvalid`; `denied` with 412 for the condition.
    package func putManifest(
        _ bytes: [UInt8],
        contentType: String?,
        as digest: OCIDigest,
        tags: [Tag],
        condition: TagCondition = .none,
        in repository: RepositoryName
    ) async throws(RegistryError) -> Manifest {
        guard RunningDigest.digest(digest.algorithm, of: bytes) == digest else { throw RegistryError(.digestInvalid) }
        var validator = ManifestValidator()
        validator.byteCountMax = configuration.manifestByteCountMax
        let manifest = try validator.validate(bytes, contentType: contentType)
        try verifyEmbedded(manifest)
        try await repositories.withLock(repository.string) { () async throws(RegistryError) in
            let previous = try await targets(of: tags, in: repository, condition)
            let key = Layout.manifest(repository, digest)
            let tagged = tags.map { SmallWrite(key: Layout.tagged(repository, digest, $0)) }
            if try await exists(key) {
                try await put(tagged)
            } else {
                try await verifyReferences(manifest, in: repository)
                let parents = manifest.references.map {
                    SmallWrite(key: Layout.parent(repository, of: $0, digest))
                }
                try await put(tagged + parents + [SmallWrite(key: Layout.catalog(repository))])
                try await put([SmallWrite(key: key, bytes: bytes, contentType: manifest.mediaType)])
            }
            var last = tags.map {
                let target = Array(digest.description.utf8)
                return SmallWrite(key: Layout.tag(repository, $0), bytes: target, contentType: manifest.mediaType)
            }
            if let edge = referrer(manifest, digest, byteCount: bytes.count, in: repository) { last.append(edge) }
            try await put(last)
            let moved = zip(tags, previous).compactMap { tag, target in
                target.flatMap { $0 == digest ? nil : Layout.tagged(repository, $0, tag) }
            }
            try await delete(moved)
        }
        return manifest
    }

    func target(of tag: Tag, in repository: RepositoryName) async throws(RegistryError) -> OCIDigest? {
        guard let object = try await open(Layout.tag(repository, tag)) else { return nil }
        let text = String(decoding: try await bytes(object), as: UTF8.self)
        guard let digest = OCIDigest(text) else {
            throw RegistryError(.unknown, diagnosis: "tag \(repository):\(tag) holds no digest")
        }
        return digest
    }

    private func targets(
        of tags: [Tag],
        in repository: RepositoryName,
        _ condition: TagCondition
    ) async throws(RegistryError) -> [OCIDigest?] {
        var targets: [OCIDigest?] = []
        for tag in tags {
            let target = try await target(of: tag, in: repository)
            let isMet =
                switch condition {
                case .none: true
                case .absent: target == nil
                case .pointsAt(let names): target.map { names.contains($0.description) || names.contains("*") } ?? false
                }
            guard isMet else {
                throw RegistryError(.denied, "tag \(tag) is not what the condition says", status: 412)
            }
            targets.append(target)
        }
        return targets
    }

    private func verifyEmbedded(_ manifest: Manifest) throws(RegistryError) {
        for descriptor in manifest.descriptors {
            guard let bytes = descriptor.embedded else { continue }
            guard RunningDigest.digest(descriptor.digest.algorithm, of: bytes) == descriptor.digest else {
                throw RegistryError(
                    .manifestInvalid,
                    "data embedded in a descriptor has another digest",
                    detail: descriptor.digest.description,
                )
            }
        }
    }

    /// Everything the manifest names is in the repository and as large as it says.
    private func verifyReferences(_ manifest: Manifest, in repository: RepositoryName) async throws(RegistryError) {
        var missing: [OCIDigest] = []
        for descriptor in (manifest.config.map { [$0] } ?? []) + manifest.layers {
            if let size = try await linkedSize(descriptor.digest, in: repository) {
                try verify(descriptor, size)
            } else if !descriptor.isOptionalLayer {
                missing.append(descriptor.digest)
            }
        }
        for descriptor in manifest.children {
            if let child = try await open(Layout.manifest(repository, descriptor.digest)) {
                try verify(descriptor, child.info.size)
            } else if !MediaType.isManifest(descriptor.mediaType),
                let size = try await linkedSize(descriptor.digest, in: repository)
            {
                // Build caches are indexes whose entries are layers.
                try verify(descriptor, size)
            } else {
                missing.append(descriptor.digest)
            }
        }
        guard missing.isEmpty else { throw RegistryError(missing: missing) }
    }

    private func verify(_ descriptor: Descriptor, _ size: UInt64) throws(RegistryError) {
        guard descriptor.size == size else {
            throw RegistryError(
                .manifestInvalid,
                "a descriptor says \(descriptor.size) bytes of content with \(size)",
                detail: descriptor.digest.description,
            )
        }
    }
}
