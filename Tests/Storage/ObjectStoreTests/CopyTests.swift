// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Copies` {
    @Test(arguments: [0, 100, 100_000, 3_000_000])
    func `share content and outlive their source`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let bytes = content(size)
        let metadata = ObjectMetadata(contentType: "a/b", userFields: [.init(name: "k", value: "v")])
        let original = try await store.put("a", bytes, metadata: metadata)
        let copy = try await store.copy("a", to: "b")
        #expect(copy.etag == original.etag && copy.checksum == original.checksum)
        #expect(copy.lastModified > original.lastModified)
        #expect(try await store.info("b").metadata == metadata)
        try fixture.expectSound()
        try await store.delete("a")
        #expect(try await store.get("b") == bytes)
        try fixture.expectSound()
        try await store.delete("b")
        try fixture.expectSound()
    }

    @Test func `write no content`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("a", content(3_000_000))
        fixture.machine.trace.removeAll()
        _ = try await fixture.store.copy("a", to: "b")
        #expect(fixture.machine.trace.lines.count == 1)
        #expect(fixture.machine.trace.lines.first?.hasPrefix("commit") == true)
    }

    @Test(arguments: [100, 100_000])
    func `onto themselves change the metadata only`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("a", content(size), metadata: ObjectMetadata(contentType: "old/type"))
        let replacement = ObjectMetadata(contentType: "new/type", storageClass: "GLACIER_IR")
        _ = try await fixture.store.copy("a", to: "a", metadata: replacement)
        #expect(try await fixture.store.info("a").metadata == replacement)
        #expect(try await fixture.store.get("a") == content(size))
        try fixture.expectSound()
    }

    @Test func `replace what was there`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("a", content(50_000, seed: 1))
        try await fixture.store.put("b", content(60_000, seed: 2))
        _ = try await fixture.store.copy("a", to: "b")
        #expect(try await fixture.store.get("b") == content(50_000, seed: 1))
        try fixture.expectSound()
    }

    @Test func `of a multipart object keep its parts`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        let parts = [
            try await store.part(upload, 1, content(70_000, seed: 1)),
            try await store.part(upload, 2, content(10, seed: 2)),
        ]
        let made = try await store.complete(upload, parts)
        let copy = try await store.copy("a", to: "b")
        #expect(copy.etag == made.etag && copy.checksum == made.checksum)
        try await store.delete("a")
        #expect(try await store.get("b") == content(70_000, seed: 1) + content(10, seed: 2))
        let object = try await store.openObject(bucket: photos, key: key("b"))
        #expect(try await object.part(2)?.range == 70_000..<70_010)
        try fixture.expectSound()
    }

    @Test func `check their source in the same instant`() async throws {
        let store = try await StoreFixture.withBucket().store
        await #expect(throws: StoreError(.noSuchKey)) { try await store.copy("a", to: "b") }
        try await store.put("a", [1, 2, 3])
        await #expect(throws: StoreError(.preconditionFailed)) {
            try await store.copy("a", to: "b") { info throws(StoreError) in
                guard info.size != 3 else { throw StoreError(.preconditionFailed) }
            }
        }
        #expect(try await store.keys() == ["a"])
    }

    @Test func `from one bucket to another`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let archive = BucketName(stored: "archive")
        try await store.put("a", content(40_000))
        var request = CopyObjectRequest(source: (photos, key("a")), bucket: archive, key: key("z"))
        await #expect(throws: StoreError(.noSuchBucket)) { try await store.copyObject(request) }
        _ = try await store.createBucket(archive, owner: "main", region: "us-east-1")
        _ = try await store.copyObject(request)
        #expect(try await store.get("z", from: archive) == content(40_000))
        request.source.bucket = BucketName(stored: "nowhere")
        await #expect(throws: StoreError(.noSuchBucket)) { try await store.copyObject(request) }
        try fixture.expectSound()
    }
}
