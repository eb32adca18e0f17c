// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// Decides whether bytes are a manifest the registry takes (`spec/registry.md` §6.2, points 1 to 4).
///
/// Pure: whether the content it names is there, and matches what it says, is the store's question.
package struct ManifestValidator: Sendable {
    /// Clients can't read more than about 4 MiB.
    package var byteCountMax = 4 << 20
    /// Each reference costs one record of the store.
    package var referenceCountMax = 4_096

    package init() {}

    /// - Parameter contentType: the header as sent, nil when there was none.
    /// - Throws: `manifestInvalid`, with 413 for too many bytes.
    package func validate(_ bytes: [UInt8], contentType: String?) throws(RegistryError) -> Manifest {
        guard bytes.count <= byteCountMax else { throw Self.tooLarge(limit: byteCountMax) }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw RegistryError(
                .manifestInvalid,
                "manifest is not strict JSON: \(error.reason) at byte \(error.offset)"
            )
        }
        guard let object = document.object else { throw Self.invalid("manifest is not a JSON object") }
        let fields = Fields(object)
        let mediaType = try Self.mediaType(header: contentType, field: try fields.string("mediaType"))
        guard let kind = ManifestKind(mediaType: mediaType) else {
            switch mediaType {
            case MediaType.dockerSchema1, MediaType.dockerSchema1Signed:
                throw Self.invalid("Docker schema 1 manifests are not accepted: push the image with a current client")
            default:
                throw Self.invalid("manifest media type \(mediaType) is not accepted")
            }
        }
        guard fields["schemaVersion"]?.integer == 2 else { throw Self.invalid("schemaVersion is not 2") }
        return try manifest(fields, mediaType: mediaType, kind: kind)
    }

    package static func tooLarge(limit: Int) -> RegistryError {
        RegistryError(.manifestInvalid, "manifest is larger than \(limit) bytes", status: 413)
    }

    private func manifest(_ fields: Fields, mediaType: String, kind: ManifestKind) throws(RegistryError) -> Manifest {
        // A document that reads as an image to one client and as an index to another is refused: CVE-2021-41190.
        let looksLikeIndex = fields["manifests"] != nil
        let looksLikeImage = fields["config"] != nil || fields["layers"] != nil
        guard kind == .image ? !looksLikeIndex : !looksLikeImage else {
            throw Self.invalid("manifest mixes members of an image with members of an index")
        }
        let config = try kind == .image ? Self.descriptor(fields["config"] ?? .null, at: "config") : nil
        let layers = try kind == .image ? Self.descriptors(fields, "layers") : []
        let children = try kind == .index ? Self.descriptors(fields, "manifests") : []
        guard layers.count + children.count < referenceCountMax else {
            throw Self.invalid("manifest refers to more than \(referenceCountMax) pieces of content")
        }
        var subject: Descriptor?
        // Docker's types know no subject; there the member means nothing.
        if mediaType == MediaType.imageManifest || mediaType == MediaType.imageIndex, let value = fields["subject"] {
            subject = try Self.descriptor(value, at: "subject")
        }
        return Manifest(
            mediaType: mediaType,
            kind: kind,
            config: config,
            layers: layers,
            children: children,
            subject: subject,
            artifactType: try fields.string("artifactType").flatMap { $0.isEmpty ? nil : $0 } ?? config?.mediaType,
            annotations: try Self.annotations(fields["annotations"]),
        )
    }

    private static func mediaType(header: String?, field: String?) throws(RegistryError) -> String {
        let header = header.flatMap(MediaType.withoutParameters)
        if let header, let field, header != field {
            throw invalid("Content-Type \(header) and mediaType \(field) differ")
        }
        guard let mediaType = header ?? field, !mediaType.isEmpty else {
            throw invalid("neither Content-Type nor mediaType says what the manifest is")
        }
        return mediaType
    }

    private static func descriptors(_ fields: Fields, _ name: String) throws(RegistryError) -> [Descriptor] {
        guard let value = fields[name] else { return [] }
        guard let elements = value.array else { throw invalid("\(name) is not a list") }
        var result: [Descriptor] = []
        result.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            result.append(try descriptor(element, at: "\(name)[\(index)]"))
        }
        return result
    }

    private static func descriptor(_ value: JSONValue, at place: String) throws(RegistryError) -> Descriptor {
        guard let object = value.object else { throw invalid("\(place) is not a descriptor") }
        let fields = Fields(object)
        guard let mediaType = try fields.string("mediaType"), !mediaType.isEmpty else {
            throw invalid("\(place) has no mediaType")
        }
        guard let text = try fields.string("digest") else { throw invalid("\(place) has no digest") }
        guard let digest = OCIDigest(text) else {
            throw RegistryError(.manifestInvalid, "\(place) has a malformed or unsupported digest", detail: text)
        }
        guard let size = fields["size"]?.integer, size >= 0 else { throw invalid("\(place) has no valid size") }
        var embedded: [UInt8]?
        if let text = try fields.string("data") {
            guard let bytes = Base64.decode(text) else { throw invalid("\(place) has data that is not base64") }
            guard bytes.count == size else { throw invalid("\(place) has data of another size than it says") }
            embedded = bytes
        }
        let urls = fields["urls"]
        guard urls == nil || urls?.array != nil else { throw invalid("\(place) has urls that are no list") }
        return Descriptor(
            mediaType: mediaType,
            digest: digest,
            size: UInt64(size),
            hasURLs: urls?.array?.isEmpty == false,
            embedded: embedded,
        )
    }

    private static func annotations(_ value: JSONValue?) throws(RegistryError) -> JSONObject {
        guard let value else { return JSONObject() }
        guard let object = value.object, object.members.allSatisfy({ $0.value.string != nil }) else {
            throw invalid("annotations are not a map of strings")
        }
        return object
    }

    private static func invalid(_ message: String) -> RegistryError {
        RegistryError(.manifestInvalid, message)
    }
}

/// The members of a JSON object where null counts as absent, as Go's encoder writes empty lists.
private struct Fields {
    private let object: JSONObject

    init(_ object: JSONObject) {
        self.object = object
    }

    subscript(name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    func string(_ name: String) throws(RegistryError) -> String? {
        guard let value = self[name] else { return nil }
        guard let string = value.string else { throw RegistryError(.manifestInvalid, "\(name) is not a string") }
        return string
    }
}
