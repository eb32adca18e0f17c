// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ObjectStore
import StorageTypes

/// What a store must hold: the smallest thing that can say it.
struct StoreModel: Hashable {
    /// Key to content.
    var objects: [String: [UInt8]] = [:]
    /// Key of the upload, to part number, to content. One upload per key at a time.
    var uploads: [String: [Int: [UInt8]]] = [:]
}

/// A change that a test makes to a store and to its model alike.
enum StoreStep: Sendable, CustomStringConvertible {
    case put(String, size: Int, seed: UInt64)
    case delete(String)
    case copy(String, to: String)
    case createUpload(String)
    case part(String, Int, size: Int, seed: UInt64)
    case complete(String, [Int])
    case abort(String)

    func apply(to model: inout StoreModel) {
        switch self {
        case .put(let key, let size, let seed): model.objects[key] = content(size, seed: seed)
        case .delete(let key): model.objects[key] = nil
        case .copy(let source, let target): model.objects[target] = model.objects[source]
        case .createUpload(let key): model.uploads[key] = [:]
        case .part(let key, let number, let size, let seed): model.uploads[key]?[number] = content(size, seed: seed)
        case .complete(let key, let numbers):
            model.objects[key] = numbers.flatMap { model.uploads[key]?[$0] ?? [] }
            model.uploads[key] = nil
        case .abort(let key): model.uploads[key] = nil
        }
    }

    func perform(on store: ObjectStore) async throws(StoreError) {
        switch self {
        case .put(let key, let size, let seed):
            let request = PutObjectRequest(bucket: photos, key: ObjectKey(stored: [UInt8](key.utf8)))
            _ = try await store.putObject(
                request,
                body: PiecewiseBody(content(size, seed: seed), pieceByteCount: 3_000)
            )
        case .delete(let key): try await store.delete(key)
        case .copy(let source, let target): _ = try await store.copy(source, to: target)
        case .createUpload(let key): _ = try await store.upload(key)
        case .part(let key, let number, let size, let seed):
            try await store.part(try await Self.upload(key, store), number, content(size, seed: seed))
        case .complete(let key, let numbers):
            let upload = try await Self.upload(key, store)
            let parts = try await store.listParts(upload, after: 0, limit: 1_000).parts
            _ = try await store.complete(upload, parts.filter { numbers.contains($0.number) })
        case .abort(let key): try await store.abortUpload(try await Self.upload(key, store))
        }
    }

    private static func upload(_ name: String, _ store: ObjectStore) async throws(StoreError) -> UploadReference {
        let uploads = try await store.listUploads(ListUploadsRequest(bucket: photos)).uploads
        guard let upload = uploads.last(where: { $0.key == key(name) }) else { throw StoreError(.noSuchUpload) }
        return UploadReference(bucket: photos, key: upload.key, uploadID: upload.uploadID)
    }

    var description: String {
        switch self {
        case .put(let key, let size, _): "put \(key) \(size)"
        case .delete(let key): "delete \(key)"
        case .copy(let source, let target): "copy \(source) \(target)"
        case .createUpload(let key): "create upload \(key)"
        case .part(let key, let number, let size, _): "part \(key) \(number) \(size)"
        case .complete(let key, let numbers): "complete \(key) \(numbers)"
        case .abort(let key): "abort \(key)"
        }
    }
}

/// A store as a client finds it; parts by the MD5 of their content, because nobody can read a part.
struct ObservedStore: Hashable {
    var objects: [String: [UInt8]] = [:]
    var uploads: [String: [Int: ETag]] = [:]

    init(_ model: StoreModel) {
        objects = model.objects
        uploads = model.uploads.mapValues { $0.mapValues { ETag(bytes: MD5.hash($0)) } }
    }

    /// Reads everything, through listings and through handles.
    init(_ store: ObjectStore) async throws(StoreError) {
        for name in try await store.keys(limit: 2) { objects[name] = try await store.get(name) }
        for upload in try await store.listUploads(ListUploadsRequest(bucket: photos)).uploads {
            let reference = UploadReference(bucket: photos, key: upload.key, uploadID: upload.uploadID)
            let parts = try await store.listParts(reference, after: 0, limit: 1_000).parts
            uploads[upload.key.string] = Dictionary(uniqueKeysWithValues: parts.map { ($0.number, $0.etag) })
        }
    }
}
