// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkEngine
import MetadataStore
import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Objects` {
    /// Empty, inline, one chunk, many chunks, more than one recipe segment's worth of blocks.
    private static let sizes = [0, 1, 100, 16 << 10, (16 << 10) + 1, 300_000, 1 << 20, (1 << 20) + 1, 5_000_000]

    @Test(arguments: sizes)
    func `come back byte for byte, with their tag and default checksum`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        let bytes = content(size)
        let result = try await fixture.store.put("a/b", bytes)
        #expect(result.etag == ETag(bytes: MD5.hash(bytes)))
        #expect(result.size == UInt64(size))
        let expected = RunningChecksum.hash(.crc64nvme, bytes)
        #expect(result.checksum == ChecksumValue(algorithm: .crc64nvme, bytes: expected))
        #expect(try await fixture.store.get("a/b") == bytes)
        let info = try await fixture.store.info("a/b")
        #expect(info.etag == result.etag && info.size == result.size && info.lastModified == result.lastModified)
        #expect(info.checksums == [try #require(result.checksum)])
        #expect(info.partCount == 0 && info.versionID == nil)
        try fixture.expectSound()

        let reopened = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced)).store
        #expect(try await reopened.get("a/b") == bytes)
    }

    @Test func `arrive in pieces of any size`() async throws {
        let store = try await StoreFixture.withBucket().store
        let bytes = content(700_001)
        for piece in [1_000, 16_384, 65_537, 700_001] {
            let request = PutObjectRequest(bucket: photos, key: key("a"), expectedSize: UInt64(bytes.count))
            _ = try await store.putObject(request, body: PiecewiseBody(bytes, pieceByteCount: piece))
            #expect(try await store.get("a") == bytes)
        }
    }

    @Test(arguments: [300_000, 3_000_000])
    func `that are stored again as they are leave no chunks to collect`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        for _ in 0..<2 { try await fixture.store.put("a", content(size)) }
        #expect(try await fixture.store.collectGarbage(GarbagePolicy()) { _ in }.contentCount == 0)
        #expect(try await fixture.store.get("a") == content(size))
        try fixture.expectSound()
    }

    @Test func `are read in ranges`() async throws {
        let store = try await StoreFixture.withBucket().store
        for size in [500, 100_000, 3_000_000] {
            let bytes = content(size, seed: UInt64(size))
            try await store.put("a", bytes)
            let object = try await store.openObject(bucket: photos, key: key("a"))
            var generator = SeededGenerator(seed: 3)
            for _ in 0..<40 {
                let start = generator.below(size)
                let end = start + generator.below(size - start + 1)
                #expect(try await object.bytes(UInt64(start)..<UInt64(end)) == Array(bytes[start..<end]))
            }
        }
    }

    @Test func `are found in memory without waiting`() async throws {
        let store = try await StoreFixture.withBucket().store
        let bytes = content(4_096)
        try await store.put("a", bytes)
        let object = try #require(try store.openObjectIfCached(bucket: photos, key: key("a")))
        #expect(object.info.size == 4_096)
        let cached = try #require(object.readIfCached(0..<4_096))
        #expect(Array(cached.readableBytesView) == bytes)
        #expect(object.readIfCached(10..<20).map { Array($0.readableBytesView) } == Array(bytes[10..<20]))
        #expect(throws: StoreError(.noSuchKey)) { try store.openObjectIfCached(bucket: photos, key: key("b")) }
    }

    @Test func `that are not in memory take the slow way`() async throws {
        let machine = SimulatedMachine(seed: 1, caching: .never)
        let store = try await StoreFixture.withBucket(machine).store
        try await store.put("a", content(4_096))
        #expect(try store.openObjectIfCached(bucket: photos, key: key("a")) == nil)
        #expect(try await store.get("a") == content(4_096))
        await #expect(throws: StoreError(.noSuchKey)) { try await store.get("b") }
    }

    @Test(arguments: [100, 100_000, 2_000_000])
    func `stay readable through a handle when they are overwritten or deleted`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        try await store.put("a", content(size, seed: 1))
        let first = try await store.openObject(bucket: photos, key: key("a"))
        try await store.put("a", content(size, seed: 2))
        let second = try await store.openObject(bucket: photos, key: key("a"))
        try await store.delete("a")
        #expect(try await first.bytes() == content(size, seed: 1))
        #expect(try await second.bytes() == content(size, seed: 2))
        await #expect(throws: StoreError(.noSuchKey)) { try await store.get("a") }
        try fixture.expectSound()
    }

    @Test func `that go while they are looked up are there or not, but never damaged`() async throws {
        let machine = SimulatedMachine(seed: 1, caching: .never)
        let fixture = try StoreFixture(machine: machine) { InterruptedMetadata($0) }
        let metadata = try #require(fixture.metadata as? InterruptedMetadata)
        _ = try await fixture.store.createBucket(photos, owner: "main", region: "us-east-1")
        try await fixture.store.put("a", content(100))
        metadata.interruptAfterRead(of: .inline) { try metadata.removeAll([.objects, .inline]) }
        #expect(try await fixture.store.get("a") == content(100))
        await #expect(throws: StoreError(.noSuchKey)) { try await fixture.store.get("a") }
    }

    @Test func `keep their metadata byte for byte and lose it with an overwrite`() async throws {
        let store = try await StoreFixture.withBucket().store
        let metadata = ObjectMetadata(
            contentType: "text/plain; charset=utf-8",
            systemFields: [.init(name: "cache-control", value: "max-age=1"), .init(name: "expires", value: "soon")],
            userFields: [.init(name: "colour", value: "grün"), .init(name: "empty", value: "")],
            storageClass: "STANDARD_IA",
            tags: [.init(name: "k", value: "v")],
        )
        try await store.put("a", [1], metadata: metadata)
        #expect(try await store.info("a").metadata == metadata)
        try await store.put("a", [1])
        #expect(try await store.info("a").metadata == ObjectMetadata())
    }

    @Test func `written later have a later time, whatever the clock does`() async throws {
        let fixture = try await StoreFixture.withBucket()
        var last = Timestamp(nanoseconds: 0)
        for step in [1, 0, -10, 5] {
            fixture.clock.advance(bySeconds: Int64(step))
            let result = try await fixture.store.put("a", [1])
            #expect(result.lastModified > last)
            last = result.lastModified
        }
        let reopened = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced))
        #expect(try await reopened.store.put("a", [2]).size == 1)
    }

    @Test func `that the body can't deliver leave the old one`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("a", [1, 2, 3])
        for size in [10, 50_000, 3_000_000] {
            let body = PiecewiseBody(content(size), pieceByteCount: 4_000, failure: StoreError(.incompleteBody))
            await #expect(throws: StoreError(.incompleteBody)) {
                try await fixture.store.putObject(PutObjectRequest(bucket: photos, key: key("a")), body: body)
            }
        }
        #expect(try await fixture.store.get("a") == [1, 2, 3])
        try fixture.expectSound()
    }
}

@Suite struct `What a client announces` {
    private static let bytes = [UInt8](repeating: 0x41, count: 1_024)

    private func put(
        _ store: ObjectStore,
        _ expectations: ContentExpectations,
        _ digests: DigestRequest = DigestRequest(),
        size: Int = 1_024
    ) async throws -> PutObjectResult {
        let bytes = [UInt8](repeating: 0x41, count: size)
        return try await store.putObject(
            PutObjectRequest(bucket: photos, key: key("a"), digests: digests),
            body: BufferBody(ByteBuffer(bytes: bytes), expectations: expectations),
        )
    }

    @Test func `is what s3-tests computes`() async throws {
        let store = try await StoreFixture.withBucket().store
        let sha256 = try #require(Base64.decode("arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0="))
        let crc = try #require(Base64.decode("Qeh8oXvGiSo="))
        let plain = try await put(store, ContentExpectations())
        #expect(plain.checksum == ChecksumValue(algorithm: .crc64nvme, bytes: crc))
        let expected = ContentExpectations(
            md5: MD5.hash(Self.bytes),
            sha256: SHA256Digest(bytes: sha256),
            checksum: ChecksumValue(algorithm: .sha256, bytes: sha256),
        )
        let result = try await put(store, expected, DigestRequest(checksum: .sha256, sha256: true))
        #expect(result.checksum == expected.checksum)
    }

    @Test func `is refused when nobody computes it`() async throws {
        let fixture = try await StoreFixture.withBucket()
        await #expect(throws: StoreError(.invalidRequest)) {
            let md5 = [UInt8](repeating: 0, count: 16)
            return try await put(fixture.store, ContentExpectations(md5: md5), DigestRequest(md5: false), size: 100_000)
        }
        try fixture.expectSound()
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `is compared for every algorithm`(_ algorithm: ChecksumAlgorithm) async throws {
        let fixture = try await StoreFixture.withBucket()
        for size in [1_024, 200_000] {
            let bytes = [UInt8](repeating: 0x41, count: size)
            var value = RunningChecksum.hash(algorithm, bytes)
            let right = ContentExpectations(checksum: ChecksumValue(algorithm: algorithm, bytes: value))
            let request = DigestRequest(checksum: algorithm)
            #expect(try await put(fixture.store, right, request, size: size).checksum?.bytes == value)
            try await fixture.store.delete("a")
            value[0] ^= 1
            let wrong = ContentExpectations(checksum: ChecksumValue(algorithm: algorithm, bytes: value))
            await #expect(throws: StoreError(.badDigest)) { try await put(fixture.store, wrong, request, size: size) }
            await #expect(throws: StoreError(.noSuchKey)) { try await fixture.store.get("a") }
        }
        try fixture.expectSound()
    }

    @Test func `wrongly is refused and leaves nothing`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let zeros = [UInt8](repeating: 0, count: 16)
        for size in [100, 100_000, 2_000_000] {
            await #expect(throws: StoreError(.badDigest)) {
                try await put(fixture.store, ContentExpectations(md5: zeros), size: size)
            }
            await #expect(throws: StoreError(.payloadHashMismatch)) {
                let digest = SHA256Digest(bytes: zeros + zeros)
                return try await put(
                    fixture.store,
                    ContentExpectations(sha256: digest),
                    DigestRequest(sha256: true),
                    size: size
                )
            }
            await #expect(throws: StoreError(.invalidRequest)) {
                let value = ChecksumValue(algorithm: .sha512, bytes: zeros + zeros + zeros + zeros)
                return try await put(fixture.store, ContentExpectations(checksum: value), size: size)
            }
        }
        #expect(try await fixture.store.keys().isEmpty)
        try fixture.expectSound()
    }
}
