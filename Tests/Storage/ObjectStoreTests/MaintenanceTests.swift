// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// Each kind of damage is found, and named after the object that suffers.
@Suite struct `The checker` {
    private func problems(_ damage: (StoreFixture, inout MetadataBatch) async throws -> Void) async throws
        -> [ObjectProblem]
    {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("inline", content(100))
        try await fixture.store.put("big", content(100_000))
        let upload = try await fixture.store.upload("up")
        try await fixture.store.part(upload, 4, content(80_000, seed: 2))
        try fixture.expectSound()
        var batch = MetadataBatch()
        try await damage(fixture, &batch)
        try fixture.metadata.commit(batch)
        return try ObjectStoreMaintenance.audit(metadata: fixture.metadata).problems
    }

    private func record(_ fixture: StoreFixture, _ name: String) throws -> (key: [UInt8], record: VersionRecord) {
        let storedKey = ObjectKeys.object(1, name.utf8)
        let value = try #require(try fixture.metadata.get(.objects, storedKey))
        return (storedKey, try VersionRecord(decoding: value))
    }

    @Test func `counts what it does not tell`() async throws {
        let fixture = try await StoreFixture.withBucket()
        var batch = MetadataBatch()
        // Of no bucket, and unreadable.
        for index in 0..<UInt32(ObjectAudit.problemCountMax / 2 + 1) {
            batch.put(.objects, withUnsafeBytes(of: index.bigEndian) { [0xFF] + $0 }, [0])
        }
        try fixture.metadata.commit(batch)
        let audit = try ObjectStoreMaintenance.audit(metadata: fixture.metadata)
        #expect(audit.problems.count == ObjectAudit.problemCountMax)
        #expect(audit.problemCount == UInt64(ObjectAudit.problemCountMax) + 2)
    }

    @Test func `finds missing bytes of an inline object`() async throws {
        let found = try await problems { fixture, batch in
            batch.delete(.inline, EngineKeys.inline(try record(fixture, "inline").record.content.id))
        }
        #expect(found.map(\.subject) == [.object(bucket: "photos", key: "inline")])
        #expect(found.first?.text == "its bytes are missing")
    }

    @Test func `finds a missing content`() async throws {
        let found = try await problems { fixture, batch in
            batch.delete(.contents, EngineKeys.head(try record(fixture, "big").record.content.id))
        }
        #expect(found.map(\.subject) == [.object(bucket: "photos", key: "big")])
        #expect(found.first?.text == "its content is missing")
    }

    @Test func `finds a wrong count`() async throws {
        let found = try await problems { fixture, batch in
            let id = try record(fixture, "big").record.content.id
            let value = try #require(try fixture.metadata.get(.contents, EngineKeys.head(id)))
            var head = try ContentHead(decoding: value)
            head.referenceCount = 2
            batch.put(.contents, EngineKeys.head(id), head.encoded)
        }
        #expect(found.map(\.subject) == [.object(bucket: "photos", key: "big")])
        #expect(found.first?.text == "counted 2 times but referred to 1 times")
    }

    @Test func `finds a wrong size and damaged bytes`() async throws {
        let found = try await problems { fixture, batch in
            let big = try record(fixture, "big")
            var changed = big.record
            changed.content = ContentReference(kind: .recipe, id: big.record.content.id, size: 99_999)
            batch.put(.objects, big.key, changed.encoded())
            let inlineKey = EngineKeys.inline(try record(fixture, "inline").record.content.id)
            var bytes = try #require(try fixture.metadata.get(.inline, inlineKey))
            bytes[bytes.count - 1] ^= 1
            batch.put(.inline, inlineKey, bytes)
        }
        #expect(
            Set(found.map(\.subject)) == [
                .object(bucket: "photos", key: "big"), .object(bucket: "photos", key: "inline"),
            ]
        )
    }

    @Test func `finds records that can't be read`() async throws {
        let found = try await problems { fixture, batch in
            batch.put(.objects, try record(fixture, "inline").key, [2])
        }
        #expect(found.map(\.subject).contains(.object(bucket: "photos", key: "inline")))
        #expect(found.first?.text.contains("unsupportedVersion") == true)
    }

    @Test func `finds parts without an upload and objects without a bucket`() async throws {
        let found = try await problems { fixture, batch in
            batch.put(.objects, ObjectKeys.object(99, "a".utf8), try record(fixture, "inline").record.encoded())
            batch.delete(.objects, try record(fixture, "inline").key)
            let uploads = try await fixture.store.listUploads(ListUploadsRequest(bucket: photos)).uploads
            let id = try #require(uploads.first.flatMap { UploadID($0.uploadID) })
            batch.delete(.uploads, ObjectKeys.upload(1, "up".utf8, id))
        }
        #expect(found.map(\.text).sorted() == ["belongs to no bucket", "belongs to no upload"])
    }

    @Test func `names everybody who lost bytes with a pack`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("inline", content(100))
        try await fixture.store.put("big", content(100_000))
        let upload = try await fixture.store.upload("up")
        _ = try await fixture.store.complete(
            upload,
            [try await fixture.store.part(upload, 1, content(80_000, seed: 2))]
        )
        let open = try await fixture.store.upload("open")
        try await fixture.store.part(open, 4, content(70_000, seed: 3))
        try fixture.machine.fileSystem.remove("/data/packs/00000001.pack")
        let report = try ObjectStoreMaintenance.fsck(
            fixture.store.configuration,
            fileSystem: fixture.machine.fileSystem,
            metadata: fixture.metadata
        )
        let subjects = report.objects.problems.map(\.subject)
        let objects = Set(subjects.prefix(2))
        #expect(objects == [.object(bucket: "photos", key: "big"), .object(bucket: "photos", key: "up")])
        #expect(subjects.contains(.part(uploadID: open.uploadID, number: 4, object: "photos/open")))
        #expect(report.objects.problems.allSatisfy { $0.text == "00000001.pack is missing, and 3 chunks with it" })
    }

    /// So that its memory is bounded, whatever the store holds.
    @Test func `finds the same when it looks at a few contents at a time`() async throws {
        let fixture = try await StoreFixture.withBucket()
        for index in 0..<10 { try await fixture.store.put("k\(index)", content(index * 4_000)) }
        let upload = try await fixture.store.upload("up")
        let parts = [
            try await fixture.store.part(upload, 1, content(70_000)), try await fixture.store.part(upload, 2, [1]),
        ]
        _ = try await fixture.store.complete(upload, parts)
        var batch = MetadataBatch()
        for index in 0..<7 {
            let open = try await fixture.store.upload("open/\(index)")
            try await fixture.store.part(open, 3, content(100, seed: UInt64(index)))
            guard index > 3, let id = UploadID(open.uploadID) else { continue }
            batch.delete(.uploads, ObjectKeys.upload(1, "open/\(index)".utf8, id))
        }
        for name in ["k1", "k3", "k8"] { batch.delete(.objects, try record(fixture, name).key) }
        for name in ["k2", "up"] {
            batch.delete(.inline, EngineKeys.inline(try record(fixture, name).record.content.id))
            batch.delete(.contents, EngineKeys.head(try record(fixture, name).record.content.id))
        }
        try fixture.metadata.commit(batch)
        let whole = try ObjectStoreMaintenance.audit(metadata: fixture.metadata).problems
        #expect(whole.count > 7 && whole.count { $0.text == "belongs to no upload" } == 3)
        for countMax in [1, 2, 5] as [UInt64] {
            let shares = try ObjectStoreMaintenance.audit(metadata: fixture.metadata, referenceCountMax: countMax)
            #expect(Set(shares.problems) == Set(whole))
        }
    }

    @Test func `finds space that belongs to nobody`() async throws {
        let found = try await problems { fixture, batch in
            batch.delete(.objects, try record(fixture, "inline").key)
            batch.delete(.objects, try record(fixture, "big").key)
        }
        #expect(found.count == 2)
        #expect(found.allSatisfy { if case .content = $0.subject { true } else { false } })
    }

    @Test func `says nothing about a sound store, and counts it`() async throws {
        let fixture = try await StoreFixture.withBucket()
        for index in 0..<10 { try await fixture.store.put("k\(index)", content(index * 1_000)) }
        _ = try await fixture.store.upload("u")
        let audit = try ObjectStoreMaintenance.audit(metadata: fixture.metadata)
        #expect(audit.problems.isEmpty && audit.objectCount == 10 && audit.uploadCount == 1)
        let statistics = try ObjectStoreMaintenance.statistics(metadata: fixture.metadata).buckets
        #expect(statistics.map(\.logicalByteCount) == [45_000])
        #expect(statistics.map(\.objectCount) == [10] && statistics.map(\.uploadCount) == [1])
    }

    @Test func `is not needed to refuse a record of a later program`() async throws {
        let fixture = try await StoreFixture.withBucket()
        try await fixture.store.put("a", [1])
        var batch = MetadataBatch()
        batch.put(.objects, ObjectKeys.object(1, "a".utf8), [9, 9, 9])
        try fixture.metadata.commit(batch)
        await #expect(throws: StoreError(.corrupted)) { try await fixture.store.get("a") }
        await #expect(throws: StoreError(.corrupted)) {
            try await fixture.store.listObjects(ListRequest(bucket: photos))
        }
        await #expect(throws: StoreError(.corrupted)) { try await fixture.store.put("a", [2]) }
    }
}
