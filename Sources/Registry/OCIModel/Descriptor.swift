// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a manifest says about content it refers to (`spec/registry.md` §6.2 point 4).
package struct Descriptor: Sendable, Hashable {
    package let mediaType: String
    package let digest: OCIDigest
    package let size: UInt64
    /// Whether the content may be fetched from elsewhere, so that it need not be here.
    package let hasURLs: Bool
    /// The content itself, decoded from base64; its length equals `size`, its digest is the store's to verify.
    package let embedded: [UInt8]?

    package init(mediaType: String, digest: OCIDigest, size: UInt64, hasURLs: Bool = false, embedded: [UInt8]? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.hasURLs = hasURLs
        self.embedded = embedded
    }

    /// Whether a push may leave this layer out.
    package var isOptionalLayer: Bool { hasURLs || MediaType.isNonDistributableLayer(mediaType) }
}
