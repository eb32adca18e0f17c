// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The media types that the registry knows by name (`spec/registry.md` §6.1). All others are opaque text.
package enum MediaType {
    package static let imageManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let imageIndex = "application/vnd.oci.image.index.v1+json"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json"
    package static let dockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    package static let octetStream = "application/octet-stream"
    package static let json = "application/json"

    /// Layers that an image may name and nobody may push.
    private static let nonDistributableLayers: Set<String> = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]

    package static func isNonDistributableLayer(_ mediaType: String) -> Bool {
        nonDistributableLayers.contains(mediaType)
    }

    /// The types whose documents refer to other manifests or to blobs and are kept under `/manifests/`.
    package static func isManifest(_ mediaType: String) -> Bool {
        ManifestKind(mediaType: mediaType) != nil
    }

    /// A Content-Type without its parameters and the spaces around it; nil when nothing is left.
    package static func withoutParameters(_ headerValue: String) -> String? {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let bare = headerValue.utf8.prefix { $0 != UInt8(ascii: ";") }.drop(while: isSpace)
        guard let last = bare.lastIndex(where: { !isSpace($0) }) else { return nil }
        return String(decoding: bare[...last], as: UTF8.self)
    }
}
