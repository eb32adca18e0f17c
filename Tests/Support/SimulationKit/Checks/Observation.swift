// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ObjectStore
import StorageTypes

/// Reads a whole store as a client would: by listings, handles and bodies.
struct Observation {
    let store: ObjectStore
    var ledger: Ledger
    /// Reads may fail as long as they say so: the drive was damaged.
    var toleratesDamage = false
    private(set) var damagedCount = 0
    private(set) var state = StoreState()

    init(_ store: ObjectStore, _ ledger: Ledger, toleratesDamage: Bool = false) {
        self.store = store
        self.ledger = ledger
        self.toleratesDamage = toleratesDamage
    }

    mutating func run() async throws {
        try await readObjects()
        try await readUploads()
    }

    private mutating func readObjects() async throws {
        // Short pages, so that every start sees more than one.
        var request = ListRequest(bucket: Names.bucket, limit: 4)
        while true {
            let page = try await store.listObjects(request)
            for object in page.objects {
                guard let key = Names.number(object.key), let content = ledger.contents.stored(object.etag) else {
                    throw SimulationFailure(.history, "an object \(object.key) appears that nobody has written")
                }
                state.objects[key] = StoreState.Object(content: content, origin: nil)
                try await read(object.key, content, object)
            }
            guard let next = page.next else { return }
            request.after = next
        }
    }

    private mutating func read(_ key: ObjectKey, _ content: StoreState.Content, _ listed: ListedObject) async throws {
        do {
            let object = try await store.openObject(bucket: Names.bucket, key: key)
            guard object.info.etag == listed.etag, object.info.size == listed.size,
                Int(listed.size) == ledger.contents.byteCount(content)
            else { throw SimulationFailure(.bytes, "\(key): its listing, its handle and its content do not agree") }
            var offset = 0
            let body = object.read(0..<object.info.size)
            while let piece = try await body.next() {
                guard piece.withUnsafeReadableBytes({ ledger.contents.holds($0, at: offset, of: content) }) else {
                    throw SimulationFailure(.bytes, "\(key): wrong bytes from \(offset) on")
                }
                offset += piece.readableBytes
            }
            guard offset == Int(object.info.size) else { throw SimulationFailure(.bytes, "\(key) ends at \(offset)") }
        } catch let error as StoreError {
            guard toleratesDamage, error.code == .corrupted else {
                throw SimulationFailure(.bytes, "\(key) can't be read: \(error)")
            }
            damagedCount += 1
        }
    }

    private mutating func readUploads() async throws {
        for info in try await store.listUploads(ListUploadsRequest(bucket: Names.bucket)).uploads {
            guard let key = Names.number(info.key), let upload = ledger.upload(info.uploadID, key: key) else {
                throw SimulationFailure(.history, "an upload of \(info.key) appears that nobody has begun")
            }
            let reference = UploadReference(bucket: Names.bucket, key: info.key, uploadID: info.uploadID)
            state.uploads[upload] = StoreState.Upload(key: key)
            for part in try await store.listParts(reference, after: 0, limit: 1_000).parts {
                guard let content = ledger.contents.content(part.etag) else {
                    throw SimulationFailure(.history, "a part of \(info.key) appears that nobody has written")
                }
                state.uploads[upload]?.parts[part.number] = content
            }
        }
    }
}
