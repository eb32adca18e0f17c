// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `Deduplication` {
    @Test(arguments: [1_000, 30_000], [false, true])
    func `writes nothing for content that is stored`(_ size: Int, _ isCompressible: Bool) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1, isCompressible: isCompressible).bytes(0..<UInt64(size))
        try await fixture.put("a", bytes)
        fixture.machine.trace.removeAll()
        try await fixture.put("b", bytes)
        #expect(fixture.writtenPackByteCount == 0)
        #expect(!fixture.machine.trace.lines.contains { $0.hasPrefix("sync ") })
        #expect(try await fixture.get("b") == bytes)
        try fixture.expectSound()
    }

    @Test(arguments: [300_000, 3_000_000])
    func `keeps the content of an owner that stores the same again`(_ size: UInt64) async throws {
        let fixture = try EngineFixture(configuration: .real)
        let bytes = PatternContent(seed: 1).bytes(0..<size)
        let content = try await fixture.put("a", bytes)
        #expect(try await fixture.replace("a", content, with: bytes) == content)
        try fixture.expectSound()
        let other = try await fixture.replace("a", content, with: PatternContent(seed: 2).bytes(0..<size))
        #expect(other != content)
        #expect(try await fixture.replace("a", other, with: [UInt8](bytes.dropLast())) != other)
        #expect(try await fixture.get("a") == bytes.dropLast())
        try fixture.expectSound()
    }

    @Test func `finds chunks that repeat inside one content`() async throws {
        let fixture = try EngineFixture()
        let bytes = [UInt8](repeating: 7, count: 50_000)
        try await fixture.put("a", bytes)
        #expect(try await fixture.get("a") == bytes)
        #expect(try fixture.statistics().chunkCount <= 2)
        try fixture.expectSound()
    }

    @Test func `finds chunks that are written and not yet committed`() async throws {
        let fixture = try EngineFixture()
        // One chunk, so that no segment's commit syncs it early.
        let bytes = PatternContent(seed: 2).bytes(0..<1_000)
        // Two uploads under way at once; the second finds what the first has written.
        let first = try await fixture.stage(bytes)
        fixture.machine.trace.removeAll()
        let second = try await fixture.stage(bytes)
        #expect(fixture.writtenPackByteCount == 0)
        // The one that wrote gives up; the other one must still sync what it refers to.
        fixture.engine.discard(first)
        try await fixture.engine.commit([second]) { transaction throws(StoreError) in
            transaction.set("b", try transaction.adopt(second))
        }
        #expect(fixture.machine.trace.lines.contains { $0.hasPrefix("sync packs/") })
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced))
        #expect(try await next.get("b") == bytes)
        try next.expectSound()
    }

    @Test func `leaves the second of two frames as garbage`() async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 3).bytes(0..<20_000)
        let block = PatternContent(seed: 4).bytes(0..<2_000)
        // Interleaved, so that each writes its first block before it could see the other's.
        let first = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
        try await first.write(.init(bytes: bytes))
        let second = try await fixture.stage(block + bytes)
        let staged = try await first.finish()
        try await fixture.engine.commit([staged, second]) { transaction throws(StoreError) in
            transaction.set("a", try transaction.adopt(staged))
            transaction.set("b", try transaction.adopt(second))
        }
        #expect(try await fixture.get("a") == bytes)
        #expect(try await fixture.get("b") == block + bytes)
        try fixture.expectSound()
    }

    @Test func `lets copies share and inline contents not`() async throws {
        let fixture = try EngineFixture()
        let large = PatternContent(seed: 5).bytes(0..<5_000)
        try await fixture.put("large", large)
        try await fixture.put("small", [1, 2, 3])
        try await fixture.copy("large", to: "large copy")
        try await fixture.copy("small", to: "small copy")
        #expect(try fixture.reference("large") == fixture.reference("large copy"))
        #expect(try fixture.reference("small") != fixture.reference("small copy"))
        try fixture.expectSound()
        try await fixture.delete("large")
        try await fixture.delete("small")
        #expect(try await fixture.get("large copy") == large)
        #expect(try await fixture.get("small copy") == [1, 2, 3])
        try fixture.expectSound()
    }
}

@Suite struct `Concurrent uploads` {
    /// Puts the same bytes under eight names; returns how many that went well for.
    private func putEight(_ bytes: [UInt8], in fixture: EngineFixture) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<8 {
                group.addTask { (try? await fixture.put("k\(index)", bytes)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [900_000, 3_000_000])
    func `of the same content store it once`(_ byteCount: UInt64) async throws {
        let workers = WorkerPool(threadCount: 4)
        let fixture = try EngineFixture(configuration: .real, workers: workers)
        let bytes = PatternContent(seed: 6).bytes(0..<byteCount)
        #expect(await putEight(bytes, in: fixture) == 8)
        for index in 0..<8 { #expect(try await fixture.get("k\(index)") == bytes) }
        #expect(try fixture.statistics().deduplicatedByteCount == byteCount)
        // Headers, and the ends of pages.
        #expect(UInt64(fixture.writtenPackByteCount) < byteCount + byteCount / 50 + 4_096)
        try fixture.expectSound()
        await fixture.engine.shutdown()
        await workers.shutdown()
    }

    /// Also of those that wait for the chunks of another.
    @Test(.timeLimit(.minutes(1)), arguments: [300_000, 3_000_000])
    func `of the same content have the same tag without an MD5`(_ byteCount: UInt64) async throws {
        let workers = WorkerPool(threadCount: 4)
        let fixture = try EngineFixture(configuration: .real, workers: workers)
        for round in 0..<10 {
            let bytes = PatternContent(seed: UInt64(round)).bytes(0..<byteCount)
            let tags = try await withThrowingTaskGroup(of: ETag.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let staged = try await fixture.stage(bytes, digests: DigestRequest(md5: false))
                        fixture.engine.discard(staged)
                        return staged.entityTag
                    }
                }
                return try await group.reduce(into: []) { $0.insert($1) } as Set<ETag>
            }
            #expect(tags.count == 1)
        }
        await fixture.engine.shutdown()
        await workers.shutdown()
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0..<8)
    func `go on when the one that others wait for fails`(_ operationCount: Int) async throws {
        let workers = WorkerPool(threadCount: 4)
        var configuration = EngineConfiguration.real
        configuration.blockByteCount = 512 << 10
        let fixture = try EngineFixture(configuration: configuration, workers: workers)
        let bytes = PatternContent(seed: 7).bytes(0..<3_000_000)
        // Short of a sync or a commit, which would stop all: the pack is created; its header; up to six blocks of frames.
        fixture.machine.power.failNext(after: operationCount, with: .ioFailure)
        let count = await putEight(bytes, in: fixture)
        #expect(count == 7)
        for name in try fixture.names() { #expect(try await fixture.get(name) == bytes) }
        #expect(try fixture.names().count == count)
        try fixture.expectSound()
        await fixture.engine.shutdown()
        await workers.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func `of many kinds all arrive`() async throws {
        let workers = WorkerPool(threadCount: 4)
        let fixture = try EngineFixture(workers: workers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let bytes = PatternContent(seed: UInt64(index % 40)).bytes(0..<UInt64(index * index * 7))
                    try await fixture.put("k\(index)", bytes)
                    if index.isMultiple(of: 3) { try await fixture.delete("k\(index)") }
                }
            }
            try await group.waitForAll()
        }
        for index in 0..<64 {
            let bytes = PatternContent(seed: UInt64(index % 40)).bytes(0..<UInt64(index * index * 7))
            #expect(try await fixture.get("k\(index)") == (index.isMultiple(of: 3) ? nil : bytes))
        }
        try fixture.expectSound()
        await fixture.engine.shutdown()
        await workers.shutdown()
        _ = try await fixture.collectGarbage()
        try fixture.expectSound()
        #expect(try fixture.statistics().garbageByteCount == 0)
    }
}

extension EngineFixture {
    fileprivate func replace(
        _ name: String,
        _ earlier: ContentReference,
        with bytes: [UInt8]
    ) async throws -> ContentReference {
        let staged = try await stage(bytes)
        return try await engine.commit([staged]) { transaction throws(StoreError) in
            let content = try transaction.adopt(staged, over: earlier)
            try transaction.release(name)
            transaction.set(name, content)
            return content
        }
    }
}
