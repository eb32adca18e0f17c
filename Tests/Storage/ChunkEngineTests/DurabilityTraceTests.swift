// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import StorageTestSupport
import StorageTypes
import Testing

/// The order of writes, syncs and commits of each way to change the store: content first, then the metadata that names it.
///
/// Written down, so that a change of the order shows up in a review.
@Suite(.tags(.durability)) struct `The durability order` {
    private func trace(_ fixture: EngineFixture, _ body: () async throws -> Void) async throws -> [String] {
        fixture.machine.trace.removeAll()
        try await body()
        return fixture.machine.trace.lines
    }

    @Test func `of a start`() async throws {
        let machine = SimulatedMachine(seed: 1)
        let fixture = try EngineFixture(machine: machine)
        // The format record; the number of this start, and those of the packs that it may make.
        #expect(machine.trace.lines == ["mkdir packs", "syncdir .", "commit system+2"])
        let again = try await trace(fixture) { _ = try await fixture.restarted() }
        // A stop gives back the numbers that were not used.
        #expect(again == ["commit system+1", "mkdir packs", "syncdir .", "commit system+1"])
    }

    @Test func `of a small put`() async throws {
        let fixture = try EngineFixture()
        let lines = try await trace(fixture) { try await fixture.put("a", [1, 2, 3]) }
        #expect(lines == ["commit objects+1 inline+1"])
    }

    @Test func `of a put of one chunk`() async throws {
        let fixture = try EngineFixture()
        let first = try await trace(fixture) { try await fixture.put("a", PatternContent(seed: 1).bytes(0..<1_000)) }
        #expect(
            first == [
                "create packs/00000001.pack", "write packs/00000001.pack 0+64", "write packs/00000001.pack 64+1064",
                "sync packs/00000001.pack", "syncdir packs",
                "commit system+2 objects+1 contents+2 chunks+1",
            ]
        )
        let second = try await trace(fixture) { try await fixture.put("b", PatternContent(seed: 2).bytes(0..<1_000)) }
        #expect(
            second == [
                "write packs/00000001.pack 1128+1064", "sync packs/00000001.pack",
                "commit system+1 objects+1 contents+2 chunks+1",
            ]
        )
    }

    @Test func `of a put in segments`() async throws {
        let fixture = try EngineFixture()
        let lines = try await trace(fixture) { try await fixture.put("a", PatternContent(seed: 1).bytes(0..<6_000)) }
        let steps = lines.filter { !$0.hasPrefix("write") }
        // The first segment leaves a marker, the last commit takes it away. The last block was written before the second
        // segment's sync, which made it durable as well.
        #expect(
            steps == [
                "create packs/00000001.pack", "sync packs/00000001.pack", "syncdir packs",
                "commit system+3 contents+1 chunks+4", "sync packs/00000001.pack",
                "commit system+1 contents+1 chunks+4", "commit system+1-1 objects+1 contents+2 chunks+2",
            ]
        )
        let lastWrite = try #require(lines.lastIndex { $0.hasPrefix("write") })
        let lastSync = try #require(lines.lastIndex { $0.hasPrefix("sync ") })
        #expect(lastWrite < lastSync)
    }

    @Test func `of joining parts`() async throws {
        let fixture = try EngineFixture()
        for seed in 1...2 { try await fixture.put("\(seed)", PatternContent(seed: UInt64(seed)).bytes(0..<3_000)) }
        try await fixture.assemble(["1", "2"], to: "whole")
        let lines = try await trace(fixture) { _ = try await fixture.engine.joinParts(coreShareMax: nil) { _ in } }
        // The border's chunks; two segments of the recipe, the first with its marker; the last with the old parts' assembly, and
        // without both markers.
        #expect(
            lines == [
                "write packs/00000001.pack 6704+2853", "sync packs/00000001.pack",
                "commit system+1 contents+1 chunks+4",
                "commit system+1 contents+1 chunks+4", "commit system+1-2 contents+5 chunks+2",
            ]
        )
    }

    @Test func `of an upload that is given up`() async throws {
        let fixture = try EngineFixture()
        let lines = try await trace(fixture) {
            let writer = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
            try await writer.write(PatternContent(seed: 1).buffer(0..<9_000))
            await writer.abandon()
        }
        #expect(lines.last == "commit system+1-1")
    }

    @Test func `of a delete`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("small", [1])
        try await fixture.put("large", PatternContent(seed: 1).bytes(0..<1_000))
        #expect(try await trace(fixture) { try await fixture.delete("small") } == ["commit objects-1 inline-1"])
        #expect(
            try await trace(fixture) { try await fixture.delete("large") } == ["commit system+1 objects-1 contents+1"]
        )
    }

    @Test func `of a collection`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<1_000))
        try await fixture.put("b", PatternContent(seed: 2).bytes(0..<1_000))
        try await fixture.delete("a")
        await fixture.engine.shutdown()
        let lines = try await trace(fixture) { _ = try await fixture.collectGarbage() }
        #expect(
            lines == [
                "mkdir packs", "syncdir .", "commit system+1",
                // The reclaim entry, the pack's sums; head and segment; the chunk.
                "commit system+1-1 contents-2 chunks-1",
                // What lives is copied and synced before the index points to it; the old pack goes last.
                "create packs/00000002.pack", "write packs/00000002.pack 0+64", "write packs/00000002.pack 64+1064",
                "sync packs/00000002.pack", "syncdir packs",
                "commit system+3 chunks+1", "commit system-1", "remove packs/00000001.pack",
                "commit system+1",
            ]
        )
    }

    @Test func `of a recompression`() async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        try await fixture.put("a", [UInt8](repeating: 7, count: 1_000))
        let lines = try await trace(fixture) {
            _ = try await fixture.engine.collectGarbage(.recompressing) { _ in }
        }
        let written = try #require(lines.firstIndex { $0.hasPrefix("write packs/00000002.pack 64+") })
        // As in a collection; the sums of both packs and the next pack's number go with the chunk.
        #expect(
            [String](lines[..<written]) == ["create packs/00000002.pack", "write packs/00000002.pack 0+64"]
                && [String](lines[(written + 1)...]) == [
                    "sync packs/00000002.pack", "syncdir packs",
                    "commit system+3 chunks+1", "commit system-1", "remove packs/00000001.pack",
                ]
        )
    }
}
