// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The two shapes of a manifest: one that names blobs and one that names other manifests.
package enum ManifestKind: Sendable, Hashable {
    case image, index

    package init?(mediaType: String) {
        switch mediaType {
        case MediaType.imageManifest, MediaType.dockerManifest: self = .image
        case MediaType.imageIndex, MediaType.dockerManifestList: self = .index
        default: return nil
        }
    }
}

/// What the registry needs to know of a manifest whose bytes passed ``ManifestValidator``.
///
/// The bytes themselves are stored as they came: unknown members are kept and mean nothing here.
package struct Manifest: Sendable, Hashable {
    package let mediaType: String
    package let kind: ManifestKind
    /// Of an image; nil for an index.
    package let config: Descriptor?
    package let layers: [Descriptor]
    /// Of an index: mostly manifests; build caches list layers here.
    package let children: [Descriptor]
    package let subject: Descriptor?
    /// The manifest's own `artifactType`, else an image's config type, else nil: what a referrers list shows.
    package let artifactType: String?
    /// As they were sent; empty when there are none.
    package let annotations: JSONObject

    /// Every digest that this manifest holds on to, each once: not the subject, which holds on to nothing.
    package var references: [OCIDigest] {
        var seen: Set<OCIDigest> = []
        return ((config.map { [$0] } ?? []) + layers + children).map(\.digest).filter { seen.insert($0).inserted }
    }

    /// All descriptors, to look at the content embedded in them.
    package var descriptors: [Descriptor] {
        (config.map { [$0] } ?? []) + layers + children + (subject.map { [$0] } ?? [])
    }
}
