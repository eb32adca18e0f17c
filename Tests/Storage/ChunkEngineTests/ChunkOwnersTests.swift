// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import Checksums
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

/// Records of a store that never was: 20,000 chunks of all sizes, in contents of three owners.
@Suite struct `What owners have` {
    private static let chunkCount = 20_000

    private struct Chunk {
        let digest: SHA256Digest
        let record: ChunkRecord
    }

    private static func chunks(_ generator: inout SeededGenerator) -> [Chunk] {
        (0..<chunkCount).map { index in
            let plain = UInt32(1_000 + generator.below(200_000))
            return Chunk(
                digest: SHA256.hash(withUnsafeBytes(of: index) { [UInt8]($0) }),
                record: ChunkRecord(
                    encoding: .zstd,
                    pack: 1,
                    offset: 64 + UInt64(index) * 256,
                    encodedByteCount: plain / UInt32(1 + generator.below(4)),
                    plainByteCount: plain,
                    xxh3: 0,
                    referenceCount: 1
                )
            )
        }
    }

    /// A content of these chunks, in segments of 100.
    private static func put(_ id: UInt64, _ chunks: ArraySlice<Chunk>, _ batch: inout MetadataBatch) -> ContentReference
    {
        var (rest, start, index): (ArraySlice<Chunk>, UInt64, UInt32) = (chunks, 0, 0)
        while !rest.isEmpty {
            let entries = rest.prefix(100).map {
                RecipeEntry(
                    digest: $0.digest,
                    plainByteCount: $0.record.plainByteCount,
                    encodedByteCount: $0.record.encodedByteCount,
                    pack: 1,
                    offset: 64
                )
            }
            let segment = RecipeSegment(start: start, entries: entries)
            batch.put(.contents, EngineKeys.segment(id, index), segment.encoded)
            start += segment.byteCount
            index += 1
            rest = rest.dropFirst(100)
        }
        return ContentReference(kind: .recipe, id: id, size: start)
    }

    /// The whole by counting, and by samples of it.
    @Test(arguments: [1, 2, 3]) func `is estimated as well as it says`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let chunks = Self.chunks(&generator)
        let metadata = try SimulatedMachine(seed: 1).openMetadata()
        var batch = MetadataBatch()
        for chunk in chunks { batch.put(.chunks, EngineKeys.chunk(chunk.digest), chunk.record.encoded) }
        // The first two share a quarter, the third has little, and some belongs to nobody.
        let ranges = [[0..<8_000], [6_000..<16_000, 15_000..<15_500], [16_000..<16_500], []]
        var contents: [[ContentReference]] = []
        for (owner, ranges) in ranges.enumerated() {
            contents.append(
                ranges.enumerated().flatMap { index, range in
                    stride(from: range.lowerBound, to: range.upperBound, by: 250).map { start in
                        let id = UInt64(owner << 40 | index << 32 | start + 1)
                        return Self.put(id, chunks[start..<min(start + 250, range.upperBound)], &batch)
                    }
                }
            )
        }
        try metadata.commit(batch)
        let totals = try EngineMaintenance.statistics(metadata: metadata)
        func holdings(_ countMax: Int) throws -> (owners: [ChunkHoldings], unownedByteCount: UInt64) {
            var owners = try ChunkOwners(metadata, totals: totals, sampleCountMax: countMax)
            for contents in contents {
                owners.beginOwner()
                for content in contents { try owners.add(content) }
            }
            return owners.finish()
        }
        func sum(_ ranges: [Range<Int>], _ byteCount: (ChunkRecord) -> UInt32) -> UInt64 {
            ranges.joined().reduce(0) { $0 + UInt64(byteCount(chunks[$1].record)) }
        }
        let exact = try holdings(Self.chunkCount)
        #expect(exact.owners.map(\.relativeError) == [0, 0, 0, 0])
        for (owner, ranges) in [[0..<8_000], [6_000..<16_000], [16_000..<16_500], []].enumerated() {
            #expect(exact.owners[owner].deduplicatedByteCount == sum(ranges) { $0.plainByteCount })
            #expect(exact.owners[owner].compressedByteCount == sum(ranges) { $0.encodedByteCount })
        }
        for (owner, range) in [0..<6_000, 8_000..<16_000, 16_000..<16_500].enumerated() {
            #expect(exact.owners[owner].exclusiveByteCount == sum([range]) { $0.encodedByteCount })
        }
        #expect(exact.unownedByteCount == sum([16_500..<Self.chunkCount]) { $0.encodedByteCount })

        let estimated = try holdings(2_000)
        #expect(estimated.owners[0].relativeError > 0 && estimated.owners[0].relativeError < 0.05)
        #expect(estimated.owners[2].relativeError < 0.25 && estimated.owners[3].relativeError == 0)
        for (estimate, truth) in zip(estimated.owners, exact.owners) {
            // Four standard errors: one in 16,000 draws is further away.
            let plainError = 4 * estimate.relativeError * Double(estimate.deduplicatedByteCount)
            let storedError = 4 * estimate.relativeError * Double(estimate.compressedByteCount)
            #expect(abs(Double(estimate.deduplicatedByteCount) - Double(truth.deduplicatedByteCount)) <= plainError)
            #expect(abs(Double(estimate.compressedByteCount) - Double(truth.compressedByteCount)) <= storedError)
            #expect(abs(Double(estimate.exclusiveByteCount) - Double(truth.exclusiveByteCount)) <= storedError)
        }
    }

    @Test func `is known exactly when one of them has it all, however little is looked at`() async throws {
        let fixture = try EngineFixture()
        var contents: [ContentReference] = []
        for index in 0..<20 {
            contents.append(try await fixture.put("k\(index)", PatternContent(seed: UInt64(index)).bytes(0..<5_000)))
        }
        let totals = try fixture.statistics()
        var owners = try ChunkOwners(fixture.metadata, totals: totals, sampleCountMax: 10)
        owners.beginOwner()
        for content in contents { try owners.add(content) }
        let holdings = owners.finish().owners[0]
        #expect(holdings.deduplicatedByteCount == totals.deduplicatedByteCount && holdings.relativeError == 0)
        #expect(holdings.exclusiveByteCount == totals.compressedByteCount)
    }
}
