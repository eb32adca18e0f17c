// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `The garbage collection` {
    private func withGarbage() async throws -> EngineFixture {
        let fixture = try EngineFixture()
        for index in 0..<10 {
            try await fixture.put("k\(index)", PatternContent(seed: UInt64(index)).bytes(0..<4_000))
        }
        for index in [0, 2, 3, 7] { try await fixture.delete("k\(index)") }
        await fixture.engine.shutdown()
        return fixture
    }

    @Test func `says the same dry as it then does`() async throws {
        let fixture = try await withGarbage()
        let before = try fixture.statistics()
        let dry = try await fixture.collectGarbage(dryRun: true)
        #expect(try fixture.statistics() == before)
        let real = try await fixture.collectGarbage()
        #expect(dry == real)
        #expect(
            real.contentCount == 4 && real.chunkCount > 4 && real.deletedPackCount > 0 && real.freedByteCount > 15_000
        )
        let again = try await fixture.collectGarbage()
        #expect(again == GCReport())
    }

    @Test func `keeps what lives, byte for byte`() async throws {
        let fixture = try await withGarbage()
        _ = try await fixture.collectGarbage()
        let next = try await fixture.restarted()
        for index in [1, 4, 5, 6, 8, 9] {
            #expect(try await next.get("k\(index)") == PatternContent(seed: UInt64(index)).bytes(0..<4_000))
        }
        try next.expectSound()
        #expect(try next.statistics().garbageByteCount == 0)
    }

    @Test func `leaves packs alone that have little garbage`() async throws {
        let fixture = try await withGarbage()
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0.99
        let report = try await fixture.collectGarbage(policy)
        #expect(report.compactedPackCount == 0 && report.remainingGarbageByteCount > 0)
        #expect(try fixture.statistics().garbageByteCount == report.remainingGarbageByteCount)
        try fixture.expectSound()
    }

    @Test func `takes a chunk only with its last reference`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<4_000)
        try await fixture.put("a", bytes)
        try await fixture.put("b", bytes)
        try await fixture.put("c", bytes)
        var next = fixture
        for name in ["a", "b"] {
            try await next.delete(name)
            next = try await next.collected()
            #expect(try await next.get("c") == bytes)
            try next.expectSound()
        }
        try await next.delete("c")
        #expect(try await next.collected().statistics().chunkCount == 0)
    }

    @Test func `works off more than one batch`() async throws {
        let fixture = try EngineFixture()
        for index in 0..<600 { try await fixture.put("k\(index)", PatternContent(seed: UInt64(index)).bytes(0..<70)) }
        for index in 0..<600 { try await fixture.delete("k\(index)") }
        let clean = try await fixture.collected()
        #expect(try clean.statistics() == EngineFixture().statistics())
        try clean.expectSound()
    }
}

/// Each contradiction is found, and nothing else is reported with it.
@Suite struct `The checker` {
    private struct Stored {
        let fixture: EngineFixture
        let content: ContentReference
        let digest: SHA256Digest
        let record: ChunkRecord
    }

    private func stored() async throws -> Stored {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600))
        try await fixture.put("long", PatternContent(seed: 2).bytes(0..<6_000))
        let segment = try RecipeSegment(
            decoding: try #require(try fixture.metadata.get(.contents, EngineKeys.segment(content.id, 0)))
        )
        let digest = segment.entries[0].digest
        let record = try ChunkRecord(
            decoding: try #require(try fixture.metadata.get(.chunks, EngineKeys.chunk(digest)))
        )
        try fixture.expectSound()
        return Stored(fixture: fixture, content: content, digest: digest, record: record)
    }

    private func problems(
        _ stored: Stored,
        _ change: (inout MetadataBatch) throws -> Void
    ) throws -> [FsckProblem] {
        var batch = MetadataBatch()
        try change(&batch)
        try stored.fixture.metadata.commit(batch)
        return try stored.fixture.fsck().problems
    }

    @Test func `finds a wrong count of a chunk`() async throws {
        let stored = try await stored()
        var record = stored.record
        record.referenceCount = 5
        let found = try problems(stored) { $0.put(.chunks, EngineKeys.chunk(stored.digest), record.encoded) }
        #expect(found == [.chunkCount(stored.digest, recorded: 5, actual: 1)])
    }

    @Test func `finds a missing chunk`() async throws {
        let stored = try await stored()
        let found = try problems(stored) { $0.delete(.chunks, EngineKeys.chunk(stored.digest)) }
        #expect(found.contains(.missingChunk(stored.digest, referenceCount: 1)))
        #expect(found.count == 2, "and the sums of its pack")
    }

    @Test func `finds a chunk in the wrong place`() async throws {
        let stored = try await stored()
        var record = stored.record
        record.offset += 1
        let moved = try problems(stored) { $0.put(.chunks, EngineKeys.chunk(stored.digest), record.encoded) }
        #expect(moved.contains(.damagedFrame(stored.digest, pack: 1, offset: record.offset)))
        record.pack = 77
        let lost = try problems(stored) { $0.put(.chunks, EngineKeys.chunk(stored.digest), record.encoded) }
        #expect(lost.contains(.misplacedChunk(stored.digest, pack: 77, offset: record.offset)))
    }

    @Test func `finds wrong sums of a pack`() async throws {
        let stored = try await stored()
        let key = EngineKeys.pack(1)
        var record = try PackRecord(decoding: try #require(try stored.fixture.metadata.get(.system, key)))
        let real = record
        record.liveByteCount -= 1
        let found = try problems(stored) { $0.put(.system, key, record.encoded) }
        #expect(
            found == [
                .packCount(
                    pack: 1,
                    recordedByteCount: real.liveByteCount - 1,
                    byteCount: real.liveByteCount,
                    recordedCount: real.liveFrameCount,
                    count: real.liveFrameCount
                )
            ]
        )
    }

    @Test func `finds segments without a head, and heads without segments`() async throws {
        let stored = try await stored()
        let id = stored.content.id
        let head = try #require(try stored.fixture.metadata.get(.contents, EngineKeys.head(id)))
        let orphaned = try problems(stored) { $0.delete(.contents, EngineKeys.head(id)) }
        #expect(orphaned == [.orphanedSegments(content: id)])
        let empty = try problems(stored) {
            $0.put(.contents, EngineKeys.head(id), head)
            $0.delete(.contents, EngineKeys.segment(id, 0))
        }
        #expect(empty.contains(.contentMismatch(content: id, reason: "its segments are of another kind")))
        #expect(empty.contains(.chunkCount(stored.digest, recorded: 1, actual: 0)))
    }

    @Test func `finds a released content that nobody will reclaim`() async throws {
        let stored = try await stored()
        let id = stored.content.id
        try await stored.fixture.delete("a")
        #expect(try stored.fixture.fsck().isClean)
        let found = try problems(stored) { $0.delete(.system, EngineKeys.reclaim(id)) }
        #expect(found == [.reclaimMismatch(content: id, referenceCount: 0, isQueued: false)])
    }

    @Test func `finds a live content in the reclaim queue`() async throws {
        let stored = try await stored()
        let id = stored.content.id
        let found = try problems(stored) { $0.put(.system, EngineKeys.reclaim(id), EngineKeys.markerValue) }
        #expect(found == [.reclaimMismatch(content: id, referenceCount: 1, isQueued: true)])
    }

    @Test func `finds parts that are counted too low`() async throws {
        let stored = try await stored()
        try await stored.fixture.assemble(["a", "long"], to: "whole")
        let id = stored.content.id
        var head = try ContentHead(
            decoding: try #require(try stored.fixture.metadata.get(.contents, EngineKeys.head(id)))
        )
        head.referenceCount = 0
        let found = try problems(stored) {
            $0.put(.contents, EngineKeys.head(id), head.encoded)
            $0.put(.system, EngineKeys.reclaim(id), EngineKeys.markerValue)
        }
        #expect(found == [.partReference(content: id, recorded: 0, actual: 1)])
    }

    /// So that its memory is bounded, whatever the store holds.
    @Test func `finds the same when it looks at a few chunks and parts at a time`() async throws {
        let fixture = try EngineFixture()
        let names = (0..<14).map { "k\($0)" }
        var ids: [UInt64] = []
        for (index, name) in names.enumerated() {
            let byteCount = UInt64(index.isMultiple(of: 3) ? 40 : 700 + index * 300)
            ids.append(try await fixture.put(name, PatternContent(seed: UInt64(index)).bytes(0..<byteCount)).id)
        }
        // The later parts first, and some that two objects share.
        try await fixture.copy("k4", to: "again")
        try await fixture.assemble(names[4..<10].reversed() + ["k1"], to: "first")
        try await fixture.assemble(["k2", "again", "k0"], to: "second")
        try await fixture.delete("k10")
        try await fixture.delete("k11")
        for countMax in [1, 2, 5] as [UInt64] { #expect(try fixture.fsck(entryCountMax: countMax).problems == []) }
        var batch = MetadataBatch()
        for part in [1, 4, 7, 8] {
            let key = EngineKeys.head(ids[part])
            var head = try ContentHead(decoding: try #require(try fixture.metadata.get(.contents, key)))
            head.referenceCount = 0
            batch.put(.contents, key, head.encoded)
            batch.put(.system, EngineKeys.reclaim(ids[part]), EngineKeys.markerValue)
        }
        for part in [0, 6] { batch.delete(.inline, EngineKeys.inline(ids[part])) }
        batch.delete(.system, EngineKeys.reclaim(ids[11]))
        batch.put(.system, EngineKeys.reclaim(ids[13]), EngineKeys.markerValue)
        for (index, (key, _)) in try fixture.pairs(.chunks).enumerated() where index.isMultiple(of: 4) {
            batch.delete(.chunks, key)
        }
        try fixture.metadata.commit(batch)
        let whole = try fixture.fsck().problems
        for part in [1, 4, 7, 8] {
            let actual: UInt64 = part == 4 ? 2 : 1
            #expect(whole.contains(.partReference(content: ids[part], recorded: 0, actual: actual)))
        }
        #expect(whole.count { if case .missingChunk = $0 { true } else { false } } > 5)
        for countMax in [1, 2, 5] as [UInt64] {
            #expect(Set(try fixture.fsck(entryCountMax: countMax).problems) == Set(whole))
        }
        let others = whole.filter { problem in
            switch problem {
            case .reclaimMismatch, .missingInlinePart: true
            default: false
            }
        }
        #expect(
            Set(others) == [
                .reclaimMismatch(content: ids[11], referenceCount: 0, isQueued: false),
                .reclaimMismatch(content: ids[13], referenceCount: 1, isQueued: true),
                .missingInlinePart(content: ids[0]), .missingInlinePart(content: ids[6]),
            ]
        )
    }

    @Test func `finds records that can't be read`() async throws {
        let stored = try await stored()
        let found = try problems(stored) {
            $0.put(.system, EngineKeys.pack(9), [1, 2, 3])
            $0.put(.contents, [1, 2, 3], [])
            $0.put(.chunks, [1], [])
            $0.put(.inline, [1], [])
        }
        #expect(found.count == 4)
        #expect(found.allSatisfy { if case .unreadable = $0 { true } else { false } })
    }

    @Test func `finds missing, short and foreign pack files`() async throws {
        let stored = try await stored()
        let disk = stored.fixture.machine.disk
        disk.flipBit(of: "/data/packs/00000001.pack", byte: 20)
        #expect(try stored.fixture.fsck().problems == [.badPackHeader(pack: 1)])
        let file = try stored.fixture.machine.fileSystem.open("/data/packs/00000001.pack", .readWrite)
        let byteCount = try file.size()
        try file.truncate(to: byteCount - 1)
        #expect(
            try stored.fixture.fsck(.structure).problems.contains(
                .shortPack(pack: 1, byteCount: byteCount - 1, committedEnd: byteCount)
            )
        )
        try stored.fixture.machine.fileSystem.remove("/data/packs/00000001.pack")
        let count = try stored.fixture.statistics().chunkCount
        #expect(try stored.fixture.fsck().problems == [.missingPackFile(pack: 1, liveFrameCount: count)])
    }

    @Test func `looks as closely as it is asked to`() async throws {
        let stored = try await stored()
        #expect(try stored.fixture.fsck(.structure).verifiedByteCount == 0)
        let report = try stored.fixture.fsck(.contents)
        #expect(report.isClean && report.verifiedByteCount > 6_600)
        #expect(report.contentCount == 2 && report.packCount == 1)
    }

    @Test func `reads nothing wrong into a store that was never started`() throws {
        let machine = SimulatedMachine(seed: 1)
        let metadata = try machine.openMetadata()
        let report = try EngineMaintenance.fsck(.small, fileSystem: machine.fileSystem, metadata: metadata)
        #expect(report.isClean)
    }
}
