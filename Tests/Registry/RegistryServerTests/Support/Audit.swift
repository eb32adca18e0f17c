// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import RegistryStore
import StorageTypes
import Testing

/// The keys of the registry's bucket.
func keys(of objects: some ObjectStoring) async throws -> [String] {
    var keys: [String] = []
    var request = ListRequest(bucket: try BucketName("drydock-registry"))
    while true {
        let page = try await objects.listObjects(request)
        keys += page.objects.map(\.key.string)
        guard let next = page.next else { return keys }
        request.after = next
    }
}

/// What must hold in every state that a crash can leave: links have content and a holder, manifests have everything they
/// name and hold on to it, tags lead somewhere.
func audit<Store: ObjectStoring>(_ store: RegistryStore<Store>, on objects: Store) async throws {
    let keys = try await keys(of: objects)
    let known = Set(keys)
    for key in keys where key.hasPrefix("repositories/") {
        let pieces = key.split(separator: "/")
        let kind = try #require(pieces.firstIndex { $0.hasPrefix("_") })
        let name = try #require(RepositoryName(pieces[1..<kind].joined(separator: "/")))
        let rest = pieces[(kind + 1)...]
        switch pieces[kind] {
        case "_blobs":
            let digest = try #require(OCIDigest(rest.joined(separator: ":")))
            #expect(try await store.blob(digest, in: name) != nil, "\(key) has no content")
            #expect(known.contains("holders/\(digest.algorithm)/\(digest.hex)/\(name)"), "\(key) has no holder")
        case "_manifests":
            let digest = try #require(OCIDigest(rest.joined(separator: ":")))
            let stored = try #require(try await store.manifest(.digest(digest), in: name))
            let bytes = try await content(stored.object)
            #expect(Image.digest(bytes, digest.algorithm) == digest)
            let manifest = try ManifestValidator().validate(bytes, contentType: stored.mediaType)
            for blob in (manifest.config.map { [$0] } ?? []) + manifest.layers {
                let object = try #require(try await store.blob(blob.digest, in: name), "\(key) misses \(blob.digest)")
                #expect(Image.digest(try await content(object), blob.digest.algorithm) == blob.digest)
            }
            for child in manifest.references {
                let parent = "_parents/\(child.algorithm)/\(child.hex)/\(digest)"
                #expect(known.contains("repositories/\(name)/\(parent)"), "\(key) holds \(child) by nothing")
            }
        case "_tags":
            let tag = try #require(rest.first.flatMap { Tag($0) })
            #expect(try await store.manifest(.tag(tag), in: name) != nil, "\(key) leads nowhere")
        default:
            break
        }
    }
}

/// All bytes of an object.
func content(_ object: any OpenedObject) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    guard object.info.size > 0 else { return bytes }
    let body = object.read(0..<object.info.size)
    while let piece = try await body.next() { bytes += Array(piece.readableBytesView) }
    return bytes
}

extension RegistryStore {
    /// Each blob by a session, then the manifest, as clients do.
    func push(_ image: Image, _ tag: String, to name: RepositoryName) async throws {
        for blob in [image.config] + image.layers {
            let id = try await startUpload(in: name).id
            _ = try await append(id, in: name, range: nil, contentLength: nil, body: PiecesBody(blob))
            try await finish(id, in: name, digests: [Image.digest(blob)], range: nil, contentLength: 0, body: nil)
        }
        try await put(image.manifest(), [tag], in: name)
    }

    @discardableResult
    func put(
        _ bytes: [UInt8],
        _ tags: [String] = [],
        type: String = MediaType.imageManifest,
        in name: RepositoryName
    ) async throws -> OCIDigest {
        let digest = Image.digest(bytes)
        _ = try await putManifest(bytes, contentType: type, as: digest, tags: tags.compactMap { Tag($0) }, in: name)
        return digest
    }
}
