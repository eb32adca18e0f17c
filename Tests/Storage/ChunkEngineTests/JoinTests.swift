// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Joining parts` {
    private static let packPath = SimulatedMachine.dataDirectory + "/packs/00000001.pack"

    /// Stores `bytes` in parts of these sizes.
    private func upload(
        _ bytes: [UInt8],
        _ sizes: [Int],
        as name: String = "whole",
        _ fixture: EngineFixture
    ) async throws {
        var (start, names): (Int, [String]) = (0, [])
        for (index, size) in sizes.enumerated() {
            try await fixture.put("part \(index)", [UInt8](bytes[start..<start + size]))
            names.append("part \(index)")
            start += size
        }
        try await fixture.assemble(names, to: name)
    }

    private func upload(
        _ bytes: [UInt8],
        partByteCount: Int,
        as name: String,
        _ fixture: EngineFixture
    ) async throws {
        let starts = stride(from: 0, to: bytes.count, by: partByteCount)
        try await upload(bytes, starts.map { min(partByteCount, bytes.count - $0) }, as: name, fixture)
    }

    @discardableResult
    private func join(_ fixture: EngineFixture) async throws -> JoinReport {
        try await fixture.engine.joinParts(coreShareMax: nil) { _ in }
    }

    /// The chunks of a content that is one recipe, or stretches of one.
    private func chunks(_ name: String, _ fixture: EngineFixture) async throws -> [SHA256Digest] {
        var content = try #require(try fixture.reference(name))
        if content.kind == .assembly {
            let parts = try await fixture.engine.assemblyParts(content).map(\.content).filter { $0.kind != .empty }
            #expect(parts.allSatisfy { $0.kind == .stretch && $0.id == parts[0].id })
            content = ContentReference(kind: .recipe, id: parts[0].id, size: content.size)
        }
        let range = EngineKeys.segments(content.id)
        let cursor = try fixture.metadata.cursor(.contents, from: range.lower, until: range.upper)
        var digests: [SHA256Digest] = []
        while try cursor.next() {
            let segment = try RecipeSegment(decoding: cursor.withCurrent { [UInt8]($1) })
            digests += segment.entries.map(\.digest)
        }
        return digests
    }

    private func markerCount(_ fixture: EngineFixture) throws -> Int {
        try fixture.pairs(.system).count { $0.key.first == EngineKeys.joinPrefix }
    }

    @Test(
        arguments: [
            [5_000, 10, 0, 9_000, 64, 65], [3_000, 3_000, 3_000, 100], [1_024, 1_024, 1], [40, 30], [500, 500],
            [1_025, 1_025], [0, 7_000, 0, 7_000, 0], [Int](repeating: 30, count: 1_100), [2_500, 30, 900],
            [Int](repeating: 2_048, count: 9),
        ],
        [false, true]
    )
    func `gives an object the chunks it has in one piece`(_ sizes: [Int], _ isCompressible: Bool) async throws {
        let fixture = try EngineFixture()
        let content = PatternContent(seed: 1, isCompressible: isCompressible)
        let bytes = content.bytes(0..<UInt64(sizes.reduce(0, +)))
        try await upload(bytes, sizes, fixture)
        try await fixture.put("plain", bytes)
        let before = try #require(try fixture.reference("whole"))
        #expect(try await join(fixture) == JoinReport(joinedCount: 1))
        #expect(try await chunks("whole", fixture) == chunks("plain", fixture))
        #expect(try fixture.reference("whole") == before)
        #expect(try await fixture.engine.assemblyParts(before).map(\.content.size) == sizes.map(UInt64.init))
        #expect(try await fixture.get("whole") == bytes)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            let lower = generator.below(bytes.count)
            let upper = lower + generator.below(bytes.count - lower)
            #expect(
                try await fixture.read(before, UInt64(lower)..<UInt64(upper)) == [UInt8](bytes[lower..<upper])
            )
        }
        try fixture.expectSound()
        #expect(try await join(fixture) == JoinReport())
        #expect(try markerCount(fixture) == 0)

        let next = try await fixture.collected()
        #expect(try await next.get("whole") == bytes)
        #expect(try next.statistics().deduplicatedByteCount <= UInt64(bytes.count))
        try await next.delete("whole")
        try await next.delete("plain")
        let last = try await next.collected()
        #expect(try last.statistics().chunkCount == 0)
        #expect(try last.pairs(.contents).isEmpty && last.pairs(.inline).isEmpty)
    }

    /// With the sizes of a server, and of clients.
    @Test(arguments: [false, true])
    func `stores a file once, whatever its parts`(_ isTar: Bool) async throws {
        let fixture = try EngineFixture(configuration: .real)
        var tar = TarContent()
        for seed in 0..<(isTar ? 150 : 0) {
            let size = UInt64([900, 17_000, 160_001, 700_000][seed % 4])
            tar.add(PatternContent(seed: UInt64(seed)).bytes(0..<size), changed: seed)
        }
        let bytes = isTar ? [UInt8](tar.bytes.prefix(13_000_000)) : PatternContent(seed: 1).bytes(0..<13_000_000)
        for (index, size) in [5 << 20, 8 << 20, 1_000_000, 1_536_077].enumerated() {
            try await upload(bytes, partByteCount: size, as: "\(index)", fixture)
        }
        try await fixture.put("plain", bytes)
        #expect(try await join(fixture).joinedCount == 4)
        let plain = try await chunks("plain", fixture)
        for index in 0..<4 {
            // In a tar whose parts begin within a block, the chunks that other headers decided stay as they are.
            if !isTar || index < 2 { #expect(try await chunks("\(index)", fixture) == plain, "\(index)") }
            #expect(try await fixture.get("\(index)") == bytes)
        }
        _ = try await fixture.engine.collectGarbage(.all) { _ in }
        let stored = try fixture.statistics().deduplicatedByteCount
        #expect(stored < UInt64(bytes.count) * 101 / 100, "\(stored)")
    }

    @Test(arguments: [false, true])
    func `leaves the chunks between borders alone`(_ isKnownToBeDamaged: Bool) async throws {
        let fixture = try EngineFixture(configuration: .real)
        let bytes = PatternContent(seed: 2).bytes(0..<12_000_000)
        try await upload(bytes, partByteCount: 4_000_000, as: "whole", fixture)
        // In the middle of the first part: who reads it would see it.
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 2_000_000)
        if isKnownToBeDamaged { await #expect(throws: StoreError(.corrupted)) { try await fixture.get("whole") } }
        fixture.machine.trace.removeAll()
        #expect(try await join(fixture) == JoinReport(joinedCount: 1))
        #expect(fixture.writtenPackByteCount < 2 * 600_000)
        #expect(try fixture.statistics().quarantinedFrameCount == (isKnownToBeDamaged ? 1 : 0))
    }

    @Test func `leaves an object alone whose border is damaged`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<6_000)
        try await upload(bytes, [3_000, 3_000], fixture)
        try await upload(bytes, [2_000, 4_000], as: "other", fixture)
        fixture.machine.disk.flipBit(of: Self.packPath, byte: 64 + 3_000)
        let before = try fixture.pairs(.contents).map(\.value)
        let report = try await join(fixture)
        #expect(report.damagedCount >= 1 && report.damagedCount + report.joinedCount == 2)
        #expect(try markerCount(fixture) == 0)
        #expect(try fixture.pairs(.contents).map(\.value) == before || report.joinedCount > 0)
        #expect(try fixture.statistics().quarantinedFrameCount == 1)
        #expect(try fixture.fsck().problems.count == 1)
    }

    @Test func `keeps the old chunks for who reads them`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        let bytes = PatternContent(seed: 1).bytes(0..<20_000)
        try await upload(bytes, [9_000, 30, 10_970], fixture)
        let content = try #require(try fixture.reference("whole"))
        var pin = fixture.engine.pin(content)
        let body = fixture.engine.read(content, 0..<content.size, pin: pin)
        pin = nil
        var read = [UInt8](try #require(try await body.next()).readableBytesView)
        try await join(fixture)
        // Who comes later has the new ones, and keeps nothing of the old.
        let later = fixture.engine.pin(content)
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.postponedContentCount == 1)
        while let piece = try await body.next() { read += piece.readableBytesView }
        #expect(read == bytes)
        #expect(try await fixture.get("whole") == bytes)
        try await fixture.delete("whole")
        #expect(try await fixture.engine.collectGarbage(.all) { _ in }.postponedContentCount == 2)
        withExtendedLifetime((body, later)) {}
    }

    @Test func `gives the old chunks back when their last reader has gone`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<20_000)
        try await upload(bytes, [9_000, 30, 10_970], fixture)
        let content = try #require(try fixture.reference("whole"))
        let later: ContentPin?
        do {
            let pin = fixture.engine.pin(content)
            try await join(fixture)
            later = fixture.engine.pin(content)
            #expect(try await fixture.engine.collectGarbage(.all) { _ in }.postponedContentCount == 1)
            withExtendedLifetime(pin) {}
        }
        let report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.postponedContentCount == 0 && report.contentCount == 3)
        #expect(try fixture.statistics().deduplicatedByteCount == UInt64(bytes.count))
        #expect(try await fixture.get("whole") == bytes)
        withExtendedLifetime(later) {}
    }

    @Test func `changes all copies, and passes over what has gone`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<9_000)
        try await upload(bytes, [4_000, 5_000], fixture)
        try await fixture.copy("whole", to: "copy")
        try await upload(bytes, [2_000, 7_000], as: "gone", fixture)
        try await fixture.delete("gone")
        try await upload(bytes, [3_000, 6_000], as: "collected", fixture)
        try await fixture.delete("collected")
        _ = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(try markerCount(fixture) == 3)
        let next = try await fixture.restarted()
        #expect(try await join(next) == JoinReport(joinedCount: 1))
        #expect(try markerCount(next) == 0)
        try await next.delete("whole")
        #expect(try await next.get("copy") == bytes)
        try next.expectSound()
    }

    @Test func `waits for room`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<9_000)
        try await upload(bytes, [4_000, 5_000], fixture)
        fixture.machine.disk.setCapacity(byteCount: 10_000)
        #expect(try await join(fixture).postponedCount == 1)
        #expect(try markerCount(fixture) == 1)
        try fixture.expectSound()
        fixture.machine.disk.setCapacity(byteCount: nil)
        #expect(try await join(fixture).joinedCount == 1)
        #expect(try await fixture.get("whole") == bytes)
    }

    @Test func `is not for a single part`() async throws {
        let fixture = try EngineFixture()
        try await upload(PatternContent(seed: 1).bytes(0..<9_000), [0, 9_000, 0], fixture)
        #expect(try markerCount(fixture) == 0)
    }
}
