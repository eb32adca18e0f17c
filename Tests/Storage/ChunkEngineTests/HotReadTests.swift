// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import StorageTestSupport
import Synchronization
import Testing

/// How often a read goes through a worker.
@Suite struct `A read of a large content` {
    /// Jobs that workers do for a read of 60,000 bytes, when there are `readerCount` readers.
    private func jobs(
        readerCount: Int,
        isCompressible: Bool = false,
        _ caching: SimulatedCaching = .always
    ) async throws -> Int {
        let count = Mutex(0)
        let workers = WorkerPool { work in
            count.withLock { $0 += 1 }
            work()
        }
        var configuration = EngineConfiguration.small
        configuration.hotReaderCountMin = 2
        let fixture = try EngineFixture(
            machine: SimulatedMachine(seed: 1, caching: caching),
            configuration: configuration,
            workers: workers
        )
        let bytes = PatternContent(seed: 1, isCompressible: isCompressible).bytes(0..<60_000)
        let content = try await fixture.put("a", bytes)
        // Opens the packs.
        #expect(try await fixture.read(content, 0..<content.size) == bytes)
        let others = (1..<readerCount).map { _ in fixture.engine.read(content, 0..<content.size) }
        let before = count.withLock { $0 }
        #expect(try await fixture.read(content, 0..<content.size) == bytes)
        #expect(others.count == readerCount - 1)
        return count.withLock { $0 } - before
    }

    @Test func `stays on its thread while it is in memory`() async throws {
        #expect(try await jobs(readerCount: 2) == 0)
        #expect(try await jobs(readerCount: 1) > 10, "a lone reader has a worker beside it")
    }

    @Test func `is a worker's when it is not in memory`() async throws {
        let lone = try await jobs(readerCount: 1, .never)
        #expect(try await jobs(readerCount: 2, .never) == lone)
    }

    @Test func `is a worker's when it has to be decompressed`() async throws {
        let lone = try await jobs(readerCount: 1, isCompressible: true)
        #expect(try await jobs(readerCount: 2, isCompressible: true) >= lone)
    }
}
