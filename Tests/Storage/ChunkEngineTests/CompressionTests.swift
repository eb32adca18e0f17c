// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

@testable import ChunkEngine
import StorageTestSupport
import Testing

@Suite struct `The compression` {
    private func looksRandom(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { CompressionGovernor.looksRandom($0) }
    }

    @Test func `tells even bytes from others`() {
        for count: UInt64 in [512, 4_096, 16_384, 65_536, 1 << 20] {
            for seed: UInt64 in 1...20 {
                #expect(looksRandom(PatternContent(seed: seed).bytes(0..<count)))
                #expect(!looksRandom(PatternContent(seed: seed, isCompressible: true).bytes(0..<count)))
            }
        }
        let text = [UInt8](String(repeating: "the quick brown fox jumps over the lazy dog ", count: 400).utf8)
        #expect(!looksRandom(text))
        #expect(!looksRandom([UInt8](repeating: 0, count: 10_000)))
        #expect(!looksRandom(Array(1...200)))
    }

    @Test func `looks less and less often at a stream that does not compress`() {
        var governor = CompressionGovernor()
        let noise = PatternContent(seed: 1).bytes(0..<4_096)
        let text = PatternContent(seed: 1, isCompressible: true).bytes(0..<4_096)
        func tries(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { governor.shouldTry($0) } }
        for _ in 0..<100 { #expect(!tries(noise)) }
        // It notices a change within 32 chunks, and stays awake then.
        var waited = 0
        while !tries(text) { waited += 1 }
        #expect(waited > 3 && waited <= 31)
        governor.succeeded()
        #expect(tries(text))
    }

    private func compress(_ bytes: [UInt8], _ compressor: Compressor) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: bytes.count)
        let count = output.withUnsafeMutableBytes { output in
            bytes.withUnsafeBytes { compressor.compress($0, into: output) }
        }
        return count.map { [UInt8](output[..<$0]) }
    }

    @Test func `keeps a result only if it saves a sixteenth`() throws {
        let compressor = try #require(Compressor(level: 1))
        let noise = PatternContent(seed: 1).bytes(0..<50_000)
        // A tail of zeros as long as `share` of the whole.
        func saves(_ share: Double) -> Bool {
            let zeros = Int(50_000 * share)
            let bytes = noise.dropLast(zeros) + [UInt8](repeating: 0, count: zeros)
            return compress(Array(bytes), compressor) != nil
        }
        #expect(!saves(0) && !saves(0.03))
        #expect(saves(0.1) && saves(0.5))
    }

    @Test func `is undone exactly, or not at all`() throws {
        let compressor = try #require(Compressor(level: 1))
        let decompressors = DecompressorPool()
        let plain = PatternContent(seed: 2, isCompressible: true).bytes(0..<10_000)
        let payload = try #require(compress(plain, compressor))
        func decompress(_ payload: [UInt8], _ count: Int) -> [UInt8]? {
            var output = [UInt8](repeating: 0, count: count)
            let isDecoded = output.withUnsafeMutableBytes { output in
                payload.withUnsafeBytes { decompressors.decompress($0, into: output) }
            }
            return isDecoded ? output : nil
        }
        #expect(decompress(payload, plain.count) == plain)
        #expect(decompress(payload, plain.count - 1) == nil)
        #expect(decompress(payload, plain.count + 1) == nil)
        #expect(decompress([UInt8](payload.dropLast()), plain.count) == nil)
        #expect(decompress([1, 2, 3], 10) == nil)
    }

    @Test func `of uploads begins when the drive fills up`() async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0.5
        let fixture = try EngineFixture(configuration: configuration)
        fixture.machine.disk.setCapacity(byteCount: 100_000)
        func put(_ seed: UInt64) async throws -> UInt64 {
            let before = try fixture.statistics().compressedByteCount
            try await fixture.put("k\(seed)", PatternContent(seed: seed, isCompressible: true).bytes(0..<5_000))
            return try fixture.statistics().compressedByteCount - before
        }
        for seed: UInt64 in 0..<8 { #expect(try await put(seed) == 5_000) }
        for seed: UInt64 in 8..<16 { _ = try await put(seed) }
        #expect(try await put(16) < 4_000)
        // Whoever deletes gets the faster way back.
        for seed in 0..<16 { try await fixture.delete("k\(seed)") }
        let next = try await fixture.collected()
        try await next.put("again", PatternContent(seed: 20, isCompressible: true).bytes(0..<5_000))
        try await next.put("more", PatternContent(seed: 21, isCompressible: true).bytes(0..<5_000))
        let statistics = try next.statistics()
        #expect(statistics.compressedByteCount > 10_000 && statistics.compressedByteCount < 14_000)
    }

    @Test func `can be switched off`() async throws {
        var configuration = EngineConfiguration.small
        configuration.compressingFreeShareMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        let bytes = PatternContent(seed: 1, isCompressible: true).bytes(0..<5_000)
        try await fixture.put("a", bytes)
        let statistics = try fixture.statistics()
        #expect(statistics.compressedByteCount == statistics.deduplicatedByteCount)
        #expect(try await fixture.get("a") == bytes)
    }
}
