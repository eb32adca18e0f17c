// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Multipart uploads` {
    @Test func `join their parts in order, whatever the order they came in`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let metadata = ObjectMetadata(contentType: "a/b", userFields: [.init(name: "k", value: "v")])
        let upload = try await store.upload("a", metadata: metadata)
        let sizes = [1: 40_000, 2: 100, 5: 2_000_000, 10_000: 0]
        var parts: [PartInfo] = []
        for number in [5, 1, 10_000, 2] {
            parts.append(try await store.part(upload, number, content(sizes[number] ?? 0, seed: UInt64(number))))
        }
        try await store.part(upload, 3, content(70_000, seed: 3))
        await #expect(throws: StoreError(.noSuchKey)) { try await store.get("a") }
        parts.sort { $0.number < $1.number }
        let result = try await store.complete(upload, parts)

        let pieces = [1, 2, 5, 10_000].map { content(sizes[$0] ?? 0, seed: UInt64($0)) }
        let bytes = pieces.flatMap { $0 }
        #expect(try await store.get("a") == bytes)
        #expect(result.etag == ETag(bytes: MD5.hash(pieces.flatMap { MD5.hash($0) }), partCount: 4))
        #expect(result.checksum?.bytes == RunningChecksum.hash(.crc64nvme, bytes))
        let object = try await store.openObject(bucket: photos, key: key("a"))
        #expect(object.info.partCount == 4 && object.info.metadata == metadata)
        #expect(try await object.part(3)?.range == 40_100..<2_040_100)
        #expect(try await object.part(3)?.checksum?.bytes == RunningChecksum.hash(.crc64nvme, pieces[2]))
        #expect(try await object.part(4)?.range == 2_040_100..<2_040_100)
        #expect(try await object.part(5) == nil)
        #expect(try await object.bytes(39_990..<40_150) == Array(bytes[39_990..<40_150]))
        #expect(try await store.listUploads(ListUploadsRequest(bucket: photos)).uploads.isEmpty)
        try fixture.expectSound()
        try await store.delete("a")
        try fixture.expectSound()
    }

    @Test func `take the last completed write of a number`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        let first = try await store.part(upload, 1, content(90_000, seed: 1))
        let second = try await store.part(upload, 1, content(80_000, seed: 2))
        #expect(try await store.listParts(upload, after: 0, limit: 10).parts == [second])
        try fixture.expectSound()
        await #expect(throws: StoreError(.invalidPart)) { try await store.complete(upload, [first]) }
        _ = try await store.complete(upload, [second])
        #expect(try await store.get("a") == content(80_000, seed: 2))
        try fixture.expectSound()
    }

    @Test func `list their parts by page`() async throws {
        let store = try await StoreFixture.withBucket().store
        let upload = try await store.upload("a", metadata: ObjectMetadata(storageClass: "STANDARD_IA"))
        for number in [1, 2, 7, 300, 10_000] { try await store.part(upload, number, [UInt8(number & 0xff)]) }
        let first = try await store.listParts(upload, after: 0, limit: 2)
        #expect(first.parts.map(\.number) == [1, 2] && first.isTruncated)
        #expect(first.upload.metadata.storageClass == "STANDARD_IA")
        let second = try await store.listParts(upload, after: 2, limit: 3)
        #expect(second.parts.map(\.number) == [7, 300, 10_000] && !second.isTruncated)
        #expect(try await store.listParts(upload, after: 10_000, limit: 3).parts.isEmpty)
        let none = try await store.listParts(upload, after: 0, limit: 0)
        #expect(none.parts.isEmpty && !none.isTruncated)
    }

    /// The upload's record and its parts are read one after the other.
    @Test func `that end while their parts are listed are not uploads without parts`() async throws {
        let fixture = try StoreFixture { InterruptedMetadata($0) }
        let metadata = try #require(fixture.metadata as? InterruptedMetadata)
        _ = try await fixture.store.createBucket(photos, owner: "main", region: "us-east-1")
        let upload = try await fixture.store.upload("a")
        try await fixture.store.part(upload, 1, [1])
        metadata.interruptAfterRead(of: .uploads) { try metadata.removeAll([.uploads]) }
        await #expect(throws: StoreError(.noSuchUpload)) {
            try await fixture.store.listParts(upload, after: 0, limit: 9)
        }
    }

    @Test func `that are aborted leave nothing, not even a part on its way`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        try await store.part(upload, 1, content(90_000))
        let body = HookedBody(content(90_000, seed: 2)) { () async throws(StoreError) in
            try await store.abortUpload(upload)
        }
        await #expect(throws: StoreError(.noSuchUpload)) {
            try await store.uploadPart(upload, number: 2, digests: DigestRequest(), expectedSize: nil, body: body)
        }
        await #expect(throws: StoreError(.noSuchUpload)) { try await store.listParts(upload, after: 0, limit: 1) }
        await #expect(throws: StoreError(.noSuchUpload)) { try await store.abortUpload(upload) }
        await #expect(throws: StoreError(.noSuchUpload)) {
            try await store.complete(
                upload,
                [PartInfo(number: 1, size: 1, etag: ETag(bytes: MD5.hash([])), lastModified: Timestamp(seconds: 0))]
            )
        }
        try fixture.expectSound()
        let counts = try ObjectStoreMaintenance.audit(metadata: fixture.metadata)
        #expect(counts.uploadCount == 0 && counts.partCount == 0)
    }

    @Test func `are known by bucket, key and identifier together`() async throws {
        let store = try await StoreFixture.withBucket().store
        let upload = try await store.upload("a")
        var wrongKey = upload
        wrongKey.key = key("b")
        var wrongID = upload
        wrongID.uploadID = "nonsense"
        for wrong in [wrongKey, wrongID] {
            await #expect(throws: StoreError(.noSuchUpload)) { try await store.part(wrong, 1, [1]) }
            await #expect(throws: StoreError(.noSuchUpload)) { try await store.listParts(wrong, after: 0, limit: 1) }
            await #expect(throws: StoreError(.noSuchUpload)) { try await store.abortUpload(wrong) }
        }
        for number in [0, 10_001, -1] {
            await #expect(throws: StoreError(.invalidArgument)) { try await store.part(upload, number, [1]) }
        }
    }

    @Test func `completed again give the same answer while the object stands`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        let part = try await store.part(upload, 1, content(50_000))
        let result = try await store.complete(upload, [part], condition: WriteCondition(ifNoneMatch: .any))
        #expect(try await store.complete(upload, [part], condition: WriteCondition(ifNoneMatch: .any)) == result)
        let reopened = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced)).store
        #expect(try await reopened.complete(upload, [part]) == result)
        try await reopened.put("a", [1])
        await #expect(throws: StoreError(.noSuchUpload)) { try await reopened.complete(upload, [part]) }
    }

    @Test func `that fail a condition stay usable`() async throws {
        let store = try await StoreFixture.withBucket().store
        try await store.put("a", [1])
        let upload = try await store.upload("a")
        let part = try await store.part(upload, 1, [2])
        await #expect(throws: StoreError(.preconditionFailed)) {
            try await store.complete(upload, [part], condition: WriteCondition(ifNoneMatch: .any))
        }
        _ = try await store.complete(upload, [part])
        #expect(try await store.get("a") == [2])
    }

    @Test func `of many parts are prepared off the commit and still see a part sent again`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("a")
        var parts: [PartInfo] = []
        for number in 1...1_500 {
            parts.append(try await store.part(upload, number, content(100, seed: UInt64(number))))
        }
        let bytes = (1...1_500).flatMap { content(100, seed: UInt64($0)) }
        let result = try await store.complete(upload, parts)
        #expect(result.etag.partCount == 1_500)
        #expect(result.checksum?.bytes == RunningChecksum.hash(.crc64nvme, bytes))
        #expect(try await store.get("a") == bytes)
        try fixture.expectSound()
    }

    @Test func `of empty parts are empty objects`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let upload = try await fixture.store.upload("a")
        let parts = [try await fixture.store.part(upload, 1, []), try await fixture.store.part(upload, 2, [])]
        let result = try await fixture.store.complete(upload, parts)
        #expect(result.size == 0 && result.etag.partCount == 2)
        #expect(try await fixture.store.get("a").isEmpty)
        let object = try await fixture.store.openObject(bucket: photos, key: key("a"))
        #expect(try await object.part(2)?.range == 0..<0)
        #expect(try await object.part(3) == nil)
        try fixture.expectSound()
    }
}

@Suite struct `Part copies` {
    @Test(arguments: [0, 100, 100_000, 3_000_000])
    func `of whole objects share their content`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let bytes = content(size)
        try await store.put("source", bytes)
        let upload = try await store.upload("a")
        let source = try await store.openObject(bucket: photos, key: key("source"))
        let part = try await store.uploadPartCopy(upload, number: 1, source: source, range: nil)
        #expect(part.etag == ETag(bytes: MD5.hash(bytes)))
        #expect(part.size == UInt64(size))
        try await store.delete("source")
        try fixture.expectSound()
        _ = try await store.complete(upload, [part])
        #expect(try await store.get("a") == bytes)
        try fixture.expectSound()
    }

    @Test func `of ranges are cut at any byte`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let bytes = content(3_000_000)
        try await store.put("source", bytes)
        let source = try await store.openObject(bucket: photos, key: key("source"))
        let upload = try await store.upload("a", checksum: UploadChecksum(algorithm: .sha256, type: .composite))
        let first = try await store.uploadPartCopy(upload, number: 1, source: source, range: 1..<2_000_001)
        let second = try await store.uploadPartCopy(upload, number: 2, source: source, range: 7..<9)
        #expect(first.etag == ETag(bytes: MD5.hash(Array(bytes[1..<2_000_001]))))
        #expect(first.checksum?.algorithm == .sha256)
        await #expect(throws: StoreError(.invalidRange)) {
            try await store.uploadPartCopy(upload, number: 3, source: source, range: 0..<3_000_001)
        }
        _ = try await store.complete(upload, [first, second])
        #expect(try await store.get("a") == Array(bytes[1..<2_000_001]) + Array(bytes[7..<9]))
        try fixture.expectSound()
    }

    @Test func `of multipart objects have the tag of their bytes`() async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        let upload = try await store.upload("source")
        let parts = [
            try await store.part(upload, 1, content(90_000)), try await store.part(upload, 2, content(10, seed: 2)),
        ]
        _ = try await store.complete(upload, parts)
        let bytes = content(90_000) + content(10, seed: 2)
        let target = try await store.upload("a")
        let source = try await store.openObject(bucket: photos, key: key("source"))
        let part = try await store.uploadPartCopy(target, number: 1, source: source, range: nil)
        #expect(part.etag == ETag(bytes: MD5.hash(bytes)))
        _ = try await store.complete(target, [part])
        #expect(try await store.get("a") == bytes)
        try fixture.expectSound()
    }

    @Test(arguments: [100, 100_000])
    func `of an object that went meanwhile still read their handle`(_ size: Int) async throws {
        let fixture = try await StoreFixture.withBucket()
        let store = fixture.store
        try await store.put("source", content(size))
        let source = try await store.openObject(bucket: photos, key: key("source"))
        try await store.delete("source")
        let upload = try await store.upload("a")
        let part = try await store.uploadPartCopy(upload, number: 1, source: source, range: nil)
        _ = try await store.complete(upload, [part])
        #expect(try await store.get("a") == content(size))
        try fixture.expectSound()
    }
}
