// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `An assembly` {
    private func assembled(_ sizes: [Int]) async throws -> (EngineFixture, [UInt8]) {
        let fixture = try EngineFixture()
        var names: [String] = []
        var whole: [UInt8] = []
        for (index, size) in sizes.enumerated() {
            let bytes = PatternContent(seed: UInt64(index)).bytes(0..<UInt64(size))
            try await fixture.put("part \(index)", bytes)
            names.append("part \(index)")
            whole += bytes
        }
        fixture.machine.trace.removeAll()
        try await fixture.assemble(names, to: "whole")
        #expect(fixture.writtenPackByteCount == 0)
        return (fixture, whole)
    }

    @Test(arguments: [[0], [10], [0, 0], [5_000, 10, 0, 9_000, 64, 65], [Int](repeating: 3, count: 2_500)])
    func `is the bytes of its parts`(_ sizes: [Int]) async throws {
        let (fixture, whole) = try await assembled(sizes)
        #expect(try await fixture.get("whole") == whole)
        let content = try #require(try fixture.reference("whole"))
        let parts = try await fixture.engine.assemblyParts(content)
        #expect(parts.map(\.content.size) == sizes.map(UInt64.init))
        #expect(parts.map(\.number) == (1...sizes.count).map(UInt32.init))
        try fixture.expectSound()
    }

    @Test func `is read in any range`() async throws {
        let (fixture, whole) = try await assembled([5_000, 10, 0, 9_000, 64, 65])
        let content = try #require(try fixture.reference("whole"))
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let lower = generator.below(whole.count)
            let upper = lower + generator.below(whole.count - lower)
            #expect(
                try await fixture.read(content, UInt64(lower)..<UInt64(upper)) == [UInt8](whole[lower..<upper])
            )
        }
    }

    @Test func `gives all of its parts back`() async throws {
        let (fixture, _) = try await assembled([5_000, 10, 0, 9_000, 64, 65])
        try await fixture.copy("whole", to: "copy")
        try await fixture.delete("whole")
        let next = try await fixture.collected()
        try next.expectSound()
        #expect(try await next.get("copy")?.count == 14_139)
        try await next.delete("copy")
        let estimate = try await next.engine.estimateGarbage(.all)
        #expect(estimate.contentCount == 4)
        #expect(try await next.engine.estimateGarbage(.all, entryCountMax: 1) == estimate, "part by part")
        await next.engine.shutdown()
        let report = try await next.collectGarbage()
        #expect(report.contentCount == 4 && report.remainingGarbageByteCount == 0)
        let rest = try next.statistics()
        #expect(rest.chunkCount == 0 && rest.packCount == 0)
        #expect(try next.pairs(.inline).isEmpty)
    }
}
