// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// Objects whose parts were cut anew as one content: nothing but what they take is different.
@Suite struct `Joined parts` {
    private func join(_ fixture: StoreFixture) async throws -> UInt64 {
        try await fixture.store.joinParts(coreShareMax: nil) { _ in }.joinedCount
    }

    @discardableResult
    private func upload(_ name: String, _ pieces: [[UInt8]], to store: ObjectStore) async throws -> PutObjectResult {
        let upload = try await store.upload(name)
        var parts: [PartInfo] = []
        for (index, piece) in pieces.enumerated() { parts.append(try await store.part(upload, index + 1, piece)) }
        return try await store.complete(upload, parts)
    }

    private func pieces(_ bytes: [UInt8], _ byteCount: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: byteCount).map { [UInt8](bytes[$0..<min($0 + byteCount, bytes.count)]) }
    }

    @Test func `keep all that can be seen of an object`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let bytes = content(3_000_000)
        let made = try await upload("a", pieces(bytes, 1_400_000) + [[]], to: store)
        _ = try await store.copy("a", to: "b")
        let opened = try await store.openObject(bucket: photos, key: key("a"))
        let info = opened.info
        var parts: [Range<UInt64>?] = []
        for number in 1...5 { parts.append(try await opened.part(number)?.range) }
        #expect(try await join(fixture) == 1)

        for name in ["a", "b"] {
            let object = try await store.openObject(bucket: photos, key: key(name))
            #expect(object.info.etag == made.etag && object.info.checksums == info.checksums)
            #expect(object.info.partCount == 4)
            for number in 1...5 { #expect(try await object.part(number)?.range == parts[number - 1]) }
            let range = try #require(try await object.part(2)).range
            #expect(try await object.bytes(range) == [UInt8](bytes[1_400_000..<2_800_000]))
            #expect(try await object.part(2)?.checksum == opened.part(2)?.checksum)
            #expect(try await object.bytes() == bytes)
        }
        #expect(try await opened.bytes() == bytes)
        try fixture.expectSound()
        let statistics = try await store.statistics()
        #expect(statistics.buckets.allSatisfy { $0.holdings.deduplicatedByteCount == 3_000_000 })
        try await store.delete("a")
        #expect(try await store.get("b") == bytes)
        try fixture.expectSound()
    }

    @Test func `are stored once, with a copied part and without`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let bytes = content(4_000_000)
        try await store.put("plain", bytes)
        try await store.put("head", [UInt8](bytes.prefix(1_500_000)))
        try await upload("a", pieces(bytes, 1_100_000), to: store)
        let target = try await store.upload("b")
        let head = try await store.openObject(bucket: photos, key: key("head"))
        let plain = try await store.openObject(bucket: photos, key: key("plain"))
        let parts = [
            try await store.uploadPartCopy(target, number: 1, source: head, range: nil),
            try await store.uploadPartCopy(target, number: 3, source: plain, range: 1_500_000..<2_700_000),
            try await store.part(target, 4, [UInt8](bytes[2_700_000...])),
        ]
        _ = try await store.complete(target, parts)
        #expect(try await join(fixture) == 2)
        try await store.delete("head")
        _ = try await store.collectGarbage(GarbagePolicy()) { _ in }
        let engine = try EngineMaintenance.statistics(metadata: fixture.metadata)
        // What the garbage collection finds pinned by the handles above, it leaves.
        withExtendedLifetime((head, plain)) {}
        #expect(engine.deduplicatedByteCount < 4_000_000 + 2 * 262_144)
        for name in ["a", "b", "plain"] { #expect(try await store.get(name) == bytes) }
        try fixture.expectSound()
    }

    /// Pages and wholes lie where their parts lie.
    @Test(arguments: Chunking.allCases)
    func `are those that content decides to cut`(_ chunking: Chunking) async throws {
        let fixture = try await StoreFixture.withBucket()
        let request = CreateUploadRequest(bucket: photos, key: key("a"), chunking: chunking)
        let id = try await fixture.store.createUpload(request).uploadID
        let upload = UploadReference(bucket: photos, key: key("a"), uploadID: id)
        let parts = [
            try await fixture.store.part(upload, 1, content(2_000_000)),
            try await fixture.store.part(upload, 2, content(2_000_000, seed: 2)),
        ]
        _ = try await fixture.store.complete(upload, parts)
        #expect(try await join(fixture) == (chunking == .contentDefined ? 1 : 0))
        #expect(try await fixture.store.get("a") == content(2_000_000) + content(2_000_000, seed: 2))
    }

    @Test func `go with their object`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let bytes = content(2_500_000)
        try await upload("a", pieces(bytes, 1_200_000), to: fixture.store)
        #expect(try await join(fixture) == 1)
        try await fixture.store.put("a", content(5))
        _ = try await fixture.store.collectGarbage(GarbagePolicy()) { _ in }
        #expect(try EngineMaintenance.statistics(metadata: fixture.metadata).chunkCount == 0)
        try fixture.expectSound()
    }
}
