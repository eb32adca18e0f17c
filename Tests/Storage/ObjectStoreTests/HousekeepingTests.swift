// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import MetadataStore
import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

@Suite struct `Beside its work the store` {
    private func collect(_ fixture: StoreFixture) async throws -> GCReport {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0
        return try await fixture.store.collectGarbage(policy) { _ in }
    }

    @Test func `of a cancelled task ends before the next upload`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        for index in 0..<3 { _ = try await store.upload("k\(index)") }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.expireUploads(idleSince: Timestamp(seconds: 4_000_000_000))
        }
        #expect(try await task.value == 0)
        // Two at a time.
        #expect(try await store.expireUploads(idleSince: Timestamp(seconds: 4_000_000_000), heldCountMax: 2) == 3)
    }

    @Test func `is scrubbed again when the clock was set back behind the last time`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let start = fixture.clock.now()
        _ = try await fixture.store.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
        let progress = try #require(try await fixture.store.scrubProgress())
        func isDue(_ seconds: Int64) -> Bool {
            progress.isDue(everySeconds: 100, now: start.advanced(bySeconds: seconds))
        }
        #expect([-1, 0, 99, 100].map(isDue) == [true, false, false, true])
    }

    @Test func `keeps what a client is still reading`() async throws {
        let fixture = try StoreFixture(isSmall: true)
        _ = try await fixture.store.createBucket(photos, owner: "main", region: "us-east-1")
        let bytes = content(20_000)
        try await fixture.store.put("a", bytes)
        var object: (any OpenedObject)? = try await fixture.store.openObject(bucket: photos, key: key("a"))
        let body = object?.read(0..<20_000)
        try await fixture.store.put("a", content(20_000, seed: 2))
        #expect(try await collect(fixture).postponedContentCount == 1)
        #expect(try await object?.bytes() == bytes)
        object = nil
        #expect(try await collect(fixture).postponedContentCount == 1, "the body reads on")
        var read: [UInt8] = []
        while let piece = try await body?.next() { read += piece.readableBytesView }
        #expect(read == bytes)
        #expect(try await fixture.store.get("a") == content(20_000, seed: 2))
        try fixture.expectSound()
    }

    @Test func `aborts uploads that nobody has touched for long`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let start = fixture.clock.now()
        let old = try await fixture.store.upload("old")
        let active = try await fixture.store.upload("active")
        for upload in [old, active] { try await fixture.store.part(upload, 1, content(70_000)) }
        fixture.clock.advance(bySeconds: 1_000)
        try await fixture.store.part(active, 2, content(70_000, seed: 2))
        let recent = try await fixture.store.upload("recent")
        #expect(try await fixture.store.expireUploads(idleSince: start) == 0)
        #expect(try await fixture.store.expireUploads(idleSince: start.advanced(bySeconds: 500)) == 1)
        await #expect(throws: StoreError(.noSuchUpload)) { try await fixture.store.part(old, 2, content(10)) }
        try await fixture.store.part(active, 3, content(10))
        try await fixture.store.part(recent, 1, content(10))
        try fixture.expectSound()
    }

    /// One more upload whose own record, or whose part's, is no record any more.
    @Test(arguments: [false, true], [1, 1_024])
    func `passes over an upload that can't be read`(_ isPart: Bool, _ heldCountMax: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        for name in ["a", "b", "c"] {
            try await fixture.store.part(try await fixture.store.upload(name), 1, content(70_000))
            guard name == "b" else { continue }
            // The only upload so far besides `a`, so the last one of the table.
            let cursor = try fixture.metadata.cursor(.uploads, from: isPart ? [0x50] : [0x55], until: nil)
            var keys: [[UInt8]] = []
            while try cursor.next() { keys.append(cursor.withCurrent { key, _ in [UInt8](key) }) }
            let kind = try #require(keys.first?.first)
            var batch = MetadataBatch()
            batch.put(.uploads, try #require(keys.last { $0.first == kind }), [0xFF])
            try fixture.metadata.commit(batch)
        }
        let errors = Mutex<[StoreError]>([])
        let count = try await fixture.store.expireUploads(
            idleSince: Timestamp(seconds: 4_000_000_000),
            heldCountMax: heldCountMax
        ) { error in
            errors.withLock { $0.append(error) }
        }
        #expect(count == 2 && fixture.store.damagedUploadCount == 1)
        #expect(errors.withLock { $0.map(\.code) } == [.corrupted])
    }
}
