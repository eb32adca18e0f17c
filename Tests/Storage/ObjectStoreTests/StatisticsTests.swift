// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `The statistics` {
    private static let other = BucketName(stored: "videos")

    private func fixture() async throws -> StoreFixture {
        let fixture = try await StoreFixture.withBucket()
        _ = try await fixture.store.createBucket(Self.other, owner: "main", region: "us-east-1")
        return fixture
    }

    private func buckets(_ fixture: StoreFixture) throws -> (first: BucketStatistics, second: BucketStatistics) {
        let buckets = try ObjectStoreMaintenance.statistics(metadata: fixture.metadata).buckets
        #expect(buckets.map(\.name) == [photos, Self.other])
        return (buckets[0], buckets[1])
    }

    @Test func `count a chunk once in each bucket that has it, and as nobody's own`() async throws {
        let fixture = try await fixture()
        let store = fixture.store
        // Incompressible, one chunk each.
        try await store.put("shared", content(100_000, seed: 1))
        try await store.put("shared again", content(100_000, seed: 1))
        try await store.put("own", content(50_000, seed: 2))
        try await store.put("shared", content(100_000, seed: 1), into: Self.other)
        try await store.put("small", content(300, seed: 3), into: Self.other)
        let (first, second) = try buckets(fixture)
        #expect(first.objectCount == 3 && first.logicalByteCount == 250_000)
        #expect(first.holdings.deduplicatedByteCount == 150_000 && first.holdings.exclusiveByteCount == 50_000)
        #expect(second.objectCount == 2 && second.logicalByteCount == 100_300)
        #expect(second.holdings.deduplicatedByteCount == 100_300 && second.holdings.exclusiveByteCount == 300)
        #expect(second.holdings.inlineByteCount == 300 && second.holdings.inlineCount == 1)
        for bucket in [first, second] {
            #expect(bucket.holdings.compressedByteCount == bucket.holdings.deduplicatedByteCount)
            #expect(bucket.holdings.relativeError == 0)
        }
    }

    @Test func `tell compressed bytes from plain ones`() async throws {
        let fixture = try await fixture()
        try await fixture.store.put("zeros", [UInt8](repeating: 0, count: 200_000))
        var policy = GarbagePolicy()
        policy.recompressIdleSecondsMin = 0
        _ = try await fixture.store.collectGarbage(policy) { _ in }
        let statistics = try ObjectStoreMaintenance.statistics(metadata: fixture.metadata)
        let holdings = statistics.buckets[0].holdings
        #expect(holdings.deduplicatedByteCount == 200_000 && holdings.compressedByteCount < 2_000)
        #expect(holdings.compressedByteCount == statistics.engine.compressedByteCount)
        #expect(holdings.exclusiveByteCount == holdings.compressedByteCount)
    }

    @Test func `say what a copy adds, and what the original alone would give back`() async throws {
        let fixture = try await fixture()
        try await fixture.store.put("a", content(100_000))
        _ = try await fixture.store.copy("a", to: "b")
        let (first, _) = try buckets(fixture)
        #expect(first.logicalByteCount == 200_000 && first.holdings.deduplicatedByteCount == 100_000)
        #expect(first.holdings.exclusiveByteCount == 100_000)
    }

    @Test func `count parts of uploads under way, and small parts of a copied object once`() async throws {
        let fixture = try await fixture()
        let store = fixture.store
        let open = try await store.upload("open")
        try await store.part(open, 1, content(80_000, seed: 1))
        try await store.part(open, 2, content(100, seed: 2))
        let done = try await store.upload("done")
        let parts = [
            try await store.part(done, 1, content(70_000, seed: 3)),
            try await store.part(done, 2, content(40, seed: 4)),
        ]
        _ = try await store.complete(done, parts)
        for index in 1...2 { _ = try await store.copy("done", to: "copy \(index)") }
        let (first, second) = try buckets(fixture)
        #expect(first.uploadCount == 1 && first.uploadByteCount == 80_100)
        #expect(first.logicalByteCount == 3 * 70_040)
        #expect(first.holdings.deduplicatedByteCount == 150_140 && first.holdings.inlineByteCount == 140)
        #expect(second.uploadCount == 0 && second.holdings == ChunkHoldings())
    }

    @Test func `know what waits for the garbage collection`() async throws {
        let fixture = try await fixture()
        try await fixture.store.put("a", content(100_000))
        try await fixture.store.delete("a")
        let before = try ObjectStoreMaintenance.statistics(metadata: fixture.metadata)
        #expect(before.waitingByteCount == 100_000 && before.engine.garbageByteCount == 0)
        _ = try await fixture.store.collectGarbage(GarbagePolicy()) { _ in }
        #expect(try ObjectStoreMaintenance.statistics(metadata: fixture.metadata).waitingByteCount == 0)
    }

    @Test func `of a cancelled task come to an end`() async throws {
        let fixture = try await fixture()
        let store = fixture.store
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.statistics()
        }
        await #expect(throws: StoreError(.unavailable)) { _ = try await task.value }
    }
}
