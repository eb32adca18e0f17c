// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Buckets` {
    private let other = BucketName(stored: "archive")

    @Test func `are created once and listed by name`() async throws {
        let store = try await StoreFixture.withBucket().store
        let made = try await store.createBucket(other, owner: "second", region: "eu-1")
        #expect(try await store.listBuckets().map(\.name.string) == ["archive", "photos"])
        #expect(try await store.bucket(other) == made)
        #expect(try store.bucketIfCached(other) == made)
        await #expect(throws: StoreError(.bucketAlreadyOwnedByYou)) {
            try await store.createBucket(photos, owner: "main", region: "us-east-1")
        }
        await #expect(throws: StoreError(.bucketAlreadyExists)) {
            try await store.createBucket(photos, owner: "second", region: "us-east-1")
        }
    }

    @Test func `that are missing are named by every operation`() async throws {
        let store = try StoreFixture().store
        let missing = StoreError(.noSuchBucket)
        await #expect(throws: missing) { try await store.bucket(photos) }
        #expect(throws: missing) { try store.bucketIfCached(photos) }
        await #expect(throws: missing) { try await store.deleteBucket(photos) }
        await #expect(throws: missing) { try await store.setBucketPolicy(nil, of: photos) }
        await #expect(throws: missing) { try await store.put("a", [1]) }
        await #expect(throws: missing) { try await store.get("a") }
        #expect(throws: missing) { try store.openObjectIfCached(bucket: photos, key: key("a")) }
        await #expect(throws: missing) { try await store.delete("a") }
        await #expect(throws: missing) { try await store.deleteObjects(bucket: photos, [DeleteRequest(key: key("a"))]) }
        await #expect(throws: missing) { try await store.copy("a", to: "b") }
        await #expect(throws: missing) { try await store.listObjects(ListRequest(bucket: photos)) }
        await #expect(throws: missing) { try await store.upload("a") }
        await #expect(throws: missing) { try await store.listUploads(ListUploadsRequest(bucket: photos)) }
    }

    @Test func `keep their policy until it is removed`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.setBucketPolicy("{\"a\":1}", of: photos)
        #expect(try fixture.store.bucketIfCached(photos)?.policy == "{\"a\":1}")
        let reopened = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced)).store
        #expect(try reopened.bucketIfCached(photos)?.policy == "{\"a\":1}")
        try await reopened.setBucketPolicy(nil, of: photos)
        #expect(try reopened.bucketIfCached(photos)?.policy == nil)
        await #expect(throws: StoreError(.invalidRequest)) {
            try await reopened.setBucketPolicy(String(repeating: "x", count: 65 << 10), of: photos)
        }
    }

    @Test func `with objects stay, with uploads go`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        try await store.put("a", [1])
        await #expect(throws: StoreError(.bucketNotEmpty)) { try await store.deleteBucket(photos) }
        try await store.delete("a")
        let upload = try await store.upload("b")
        try await store.part(upload, 1, content(100_000))
        try await store.deleteBucket(photos)
        await #expect(throws: StoreError(.noSuchBucket)) { try await store.part(upload, 2, [1]) }
        try fixture.expectSound()
        #expect(try ObjectStoreMaintenance.statistics(metadata: fixture.metadata).buckets.isEmpty)
    }

    @Test func `take the uploads of a thousand clients with them`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        for index in 0..<120 {
            let upload = try await store.upload("key-\(index)")
            for number in 1...20 { try await store.part(upload, number, [UInt8(index), UInt8(number)]) }
        }
        try await store.deleteBucket(photos)
        try fixture.expectSound()
        let counts = try ObjectStoreMaintenance.audit(metadata: fixture.metadata)
        #expect(counts.uploadCount == 0 && counts.partCount == 0)
    }

    @Test func `made again under the same name are empty`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        try await store.setBucketPolicy("{}", of: photos)
        try await store.deleteBucket(photos)
        let again = try await store.createBucket(photos, owner: "main", region: "us-east-1")
        #expect(again.policy == nil)
        await #expect(throws: StoreError(.noSuchUpload)) { try await store.part(upload, 1, [1]) }
        #expect(try await store.keys().isEmpty)
        try fixture.expectSound()
    }

    @Test func `outlive a restart`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let made = try await fixture.store.bucket(photos)
        let reopened = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced)).store
        #expect(try await reopened.listBuckets() == [made])
        _ = try await reopened.createBucket(other, owner: "main", region: "us-east-1")
        #expect(try await reopened.listBuckets().map(\.name.string) == ["archive", "photos"])
    }
}
