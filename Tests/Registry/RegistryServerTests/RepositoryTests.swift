// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import RegistryStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

/// What the store promises about blobs, manifests and tags together, at every point where it may be cut off.
@Suite struct RepositoryTests {
    let clock = TestClock()
    let memory: MemoryStore
    let name: RepositoryName
    let other: RepositoryName
    let image = Image(config: Array("{}".utf8), layers: [Array("layer one".utf8), SeededRandom(seed: 3).bytes(70_000)])

    init() throws {
        memory = MemoryStore(clock: clock)
        name = try #require(RepositoryName("app"))
        other = try #require(RepositoryName("app/other"))
    }

    func open() async throws -> RegistryStore<MemoryStore> {
        try await RegistryStore(
            store: memory,
            configuration: RegistryConfiguration(),
            clock: clock,
            random: SeededRandom(seed: memory.state.withLock { $0.serial }),
        )
    }

    @Test func `a push cut off at any write leaves nothing broken and can be repeated`() async throws {
        let start = try await open()
        try await start.push(image, "v1", to: name)
        let total = memory.writeCount
        #expect(total > 15)
        for limit in 0..<total {
            memory.state.withLock { $0 = MemoryStore.State() }
            let store = try await open()
            memory.fail(from: limit)
            await #expect(throws: RegistryError.self) { try await store.push(image, "v1", to: name) }
            memory.fail(from: nil)
            let again = try await open()
            try await audit(again, on: memory)
            try await again.push(image, "v1", to: name)
            try await audit(again, on: memory)
            #expect(try await again.manifest(try Reference("v1"), in: name) != nil)
        }
    }

    @Test func `a delete cut off at any write leaves nothing broken and can be repeated`() async throws {
        func destroy(_ store: RegistryStore<MemoryStore>) async throws {
            func ignoringUnknown(_ body: () async throws(RegistryError) -> Void) async throws {
                do { try await body() } catch {
                    guard error.code == .manifestUnknown || error.code == .blobUnknown else { throw error }
                }
            }
            let digest = Image.digest(image.manifest())
            try await ignoringUnknown { () async throws(RegistryError) in
                try await store.deleteManifest(digest, in: name, isForced: false)
            }
            for blob in [image.config] + image.layers {
                try await ignoringUnknown { () async throws(RegistryError) in
                    try await store.deleteBlob(Image.digest(blob), in: name)
                }
            }
        }
        for limit in 0..<4 {
            memory.state.withLock { $0 = MemoryStore.State() }
            let store = try await open()
            try await store.push(image, "v1", to: name)
            memory.fail(from: limit)
            await #expect(throws: RegistryError.self) { try await destroy(store) }
            memory.fail(from: nil)
            let again = try await open()
            try await audit(again, on: memory)
            try await destroy(again)
            clock.advance(seconds: 1_000)
            _ = try await again.dropExpiredUploads()
            #expect(memory.keys.isEmpty, "\(memory.keys)")
        }
    }

    @Test func `content stays as long as any repository links it and goes with the last`() async throws {
        let store = try await open()
        let digest = Image.digest(image.config)
        try await store.putBlob([digest], in: name, contentLength: nil, body: PiecesBody(image.config))
        #expect(try await store.mount(digest, from: name, into: other))
        try await store.deleteBlob(digest, in: name)
        #expect(try await store.blob(digest, in: name) == nil)
        #expect(try await store.blob(digest, in: other) != nil)
        #expect(try await store.mount(digest, from: name, into: name) == false)
        #expect(try await store.mount(digest, from: nil, into: name))
        try await store.deleteBlob(digest, in: name)
        try await store.deleteBlob(digest, in: other)
        #expect(memory.keys.isEmpty)
        #expect(try await store.mount(digest, from: nil, into: name) == false)
    }

    @Test func `a holder without its link keeps nothing`() async throws {
        let store = try await open()
        let digest = Image.digest(image.config)
        try await store.putBlob([digest], in: name, contentLength: nil, body: PiecesBody(image.config))
        let stale = try ObjectKey("holders/sha256/\(digest.hex)/app/gone")
        let bucket = try BucketName("drydock-registry")
        _ = try await memory.putObject(PutObjectRequest(bucket: bucket, key: stale), body: BufferBody(.init()))
        try await store.deleteBlob(digest, in: name)
        #expect(memory.keys == [stale.string])
        #expect(try await store.mount(digest, from: nil, into: name) == false)
    }

    @Test func `what a manifest names is not deleted before it`() async throws {
        let store = try await open()
        try await store.push(image, "v1", to: name)
        let child = Image.digest(image.manifest())
        let index = try await store.put(Image.index([image.manifest()]), type: MediaType.imageIndex, in: name)
        for blob in image.layers {
            let failure = await #expect(throws: RegistryError.self) {
                try await store.deleteBlob(Image.digest(blob), in: name)
            }
            #expect(failure?.status == 405)
            #expect(failure?.code == .denied)
        }
        let failure = await #expect(throws: RegistryError.self) {
            try await store.deleteManifest(child, in: name, isForced: false)
        }
        #expect(failure?.status == 409)
        try await store.deleteManifest(index, in: name, isForced: false)
        try await store.deleteManifest(child, in: name, isForced: false)
        try await store.deleteBlob(Image.digest(image.config), in: name)
        #expect(try await store.catalog(after: "", limit: 10).names.isEmpty)
    }

    @Test func `deleting by digest takes every tag that points there and no other`() async throws {
        let store = try await open()
        try await store.push(image, "a", to: name)
        let second = Image(config: image.config, layers: [image.layers[0]])
        try await store.put(image.manifest(), ["b", "moved"], in: name)
        try await store.put(second.manifest(), ["c", "moved"], in: name)
        try await store.deleteManifest(Image.digest(image.manifest()), in: name, isForced: false)
        #expect(try await store.tags(of: name, after: "", limit: 10).names == ["c", "moved"])
        let tag = try #require(Tag("c"))
        try await store.deleteTag(tag, in: name)
        #expect(try await store.manifest(.digest(Image.digest(second.manifest())), in: name) != nil)
        await #expect(throws: RegistryError.self) { try await store.deleteTag(tag, in: name) }
    }

    @Test func `a manifest's references must be here and as large as it says`() async throws {
        let store = try await open()
        let blob = image.config
        try await store.putBlob([Image.digest(blob)], in: name, contentLength: nil, body: PiecesBody(blob))
        let failure = await #expect(throws: RegistryError.self) { try await store.put(image.manifest(), in: name) }
        #expect(failure?.code == .manifestBlobUnknown)
        #expect(failure?.entries.map(\.detail) == image.layers.map { Image.digest($0).description })
        let wrongSize = Array(
            #"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\#(Image.digest(blob))","size":3},"layers":[]}"#
                .utf8
        )
        let size = await #expect(throws: RegistryError.self) { try await store.put(wrongSize, in: name) }
        #expect(size?.code == .manifestInvalid)
        let index = await #expect(throws: RegistryError.self) {
            try await store.put(Image.index([image.manifest()]), type: MediaType.imageIndex, in: name)
        }
        #expect(index?.code == .manifestBlobUnknown)
        let embedded = Array(
            #"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\#(Image.digest(blob))","size":2,"data":"e30="},"layers":[]}"#
                .utf8
        )
        try await store.put(embedded, in: name)
        let forged = Array(String(decoding: embedded, as: UTF8.self).replacing("e30=", with: "e31=").utf8)
        let data = await #expect(throws: RegistryError.self) { try await store.put(forged, in: name) }
        #expect(data?.code == .manifestInvalid)
    }

    @Test func `layers that nobody may push, and layers in an index, are no obstacle`() async throws {
        let store = try await open()
        let blob = image.config
        try await store.putBlob([Image.digest(blob)], in: name, contentLength: nil, body: PiecesBody(blob))
        let foreign = Image.descriptor(image.layers[0], "application/vnd.oci.image.layer.nondistributable.v1.tar")
        let linked = Image.descriptor(image.layers[1], "a/b", #","urls":["https://example.org/"]"#)
        let config = Image.descriptor(blob, "a/b")
        try await store.put(
            Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(foreign),\#(linked)]}"#.utf8),
            in: name,
        )
        let cache = Array(#"{"schemaVersion":2,"manifests":[\#(config)]}"#.utf8)
        try await store.put(cache, type: MediaType.imageIndex, in: name)
    }

    @Test func `a tag moves only under its condition`() async throws {
        let store = try await open()
        try await store.push(image, "v1", to: name)
        let bytes = image.manifest()
        let tag = try #require(Tag("v1"))
        func attempt(_ condition: RegistryStore<MemoryStore>.TagCondition) async throws {
            _ = try await store.putManifest(
                bytes,
                contentType: MediaType.imageManifest,
                as: Image.digest(bytes),
                tags: [tag],
                condition: condition,
                in: name
            )
        }
        try await attempt(.pointsAt([Image.digest(bytes).description]))
        for condition in [.absent, .pointsAt([Image.digest([]).description])]
            as [RegistryStore<MemoryStore>.TagCondition]
        {
            let failure = await #expect(throws: RegistryError.self) { try await attempt(condition) }
            #expect(failure?.status == 412)
        }
    }

    @Test func `eight pushers of the same content and a deleter end with whole tags`() async throws {
        let store = try await open()
        await withTaskGroup(of: Void.self) { group in
            for pusher in 0..<8 {
                group.addTask {
                    for round in 0..<10 {
                        let target = pusher.isMultiple(of: 2) ? name : other
                        // A blob may be deleted between its push and the manifest's: then the manifest is refused.
                        try? await store.push(image, "p\(pusher)-\(round)", to: target)
                    }
                }
            }
            group.addTask {
                for _ in 0..<40 {
                    for blob in image.layers { try? await store.deleteBlob(Image.digest(blob), in: name) }
                    try? await store.deleteManifest(Image.digest(image.manifest()), in: name, isForced: true)
                    await Task.yield()
                }
            }
        }
        try await audit(store, on: memory)
        #expect(try await store.tags(of: other, after: "", limit: 100).names.count == 40)
    }
}
