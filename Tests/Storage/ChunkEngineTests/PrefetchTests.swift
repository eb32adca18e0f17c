// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import StorageTestSupport
import Synchronization
import Testing

@Suite struct `What is read soon` {
    private static let byteCount: UInt64 = 60_000

    private func fixture(availableByteCount: UInt64, _ workers: WorkerPool = .inline) throws -> EngineFixture {
        var configuration = EngineConfiguration.small
        configuration.availableMemory = { availableByteCount }
        return try EngineFixture(configuration: configuration, workers: workers)
    }

    private func bytes(_ seed: UInt64) -> [UInt8] {
        PatternContent(seed: seed, isCompressible: false).bytes(0..<Self.byteCount)
    }

    private func damage(_ fixture: EngineFixture) {
        fixture.machine.disk.flipBit(of: SimulatedMachine.dataDirectory + "/packs/00000003.pack", byte: 5_000)
    }

    @Test(arguments: [4 * byteCount, 4 * byteCount - 4])
    func `is read while it takes no more than a quarter of the memory, which finds damage`(available: UInt64)
        async throws
    {
        let fixture = try fixture(availableByteCount: available)
        let content = try await fixture.put("a", bytes(1))
        damage(fixture)
        fixture.engine.prefetch(content, pin: nil)
        let isRead = available == 4 * Self.byteCount
        #expect(try fixture.statistics().quarantinedFrameCount == (isRead ? 1 : 0))
    }

    private struct Watched {
        weak let pin: ContentPin?
    }

    @Test func `waits for its turn, pinned, as far as all that waits is no more than a quarter`() async throws {
        let workers = HeldWorkers()
        let fixture = try fixture(availableByteCount: 8 * Self.byteCount, workers.pool)
        var contents: [ContentReference] = []
        for seed in 1...3 as ClosedRange<UInt64> { contents.append(try await fixture.put("\(seed)", bytes(seed))) }
        workers.hold()
        let watched = contents.map { content in
            let pin = fixture.engine.pin(content)
            fixture.engine.prefetch(content, pin: pin)
            return Watched(pin: pin)
        }
        #expect(watched.map { $0.pin != nil } == [true, true, false])
        workers.release()
        #expect(watched.allSatisfy { $0.pin == nil })
    }

    @Test func `is forgotten at the end, which waits for what is being read`() async throws {
        let workers = HeldWorkers()
        let fixture = try fixture(availableByteCount: 8 * Self.byteCount, workers.pool)
        let content = try await fixture.put("a", bytes(1))
        damage(fixture)
        workers.hold()
        fixture.engine.prefetch(content, pin: nil)
        let hasEnded = Flag()
        async let end: Void = {
            await fixture.engine.shutdown()
            hasEnded.isSet.store(true, ordering: .releasing)
        }()
        for _ in 0..<100 { await Task.yield() }
        let isEarly = hasEnded.isSet.load(ordering: .acquiring)
        #expect(!isEarly)
        workers.release()
        await end
        #expect(try fixture.statistics().quarantinedFrameCount == 0, "nothing was read")
    }
}
