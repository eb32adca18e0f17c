// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

@Suite struct `A commit` {
    @Test func `leaves no trace when its closure throws`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", [1])
        let staged = try await fixture.stage(PatternContent(seed: 1).bytes(0..<30_000))
        fixture.machine.trace.removeAll()
        await #expect(throws: StoreError(.preconditionFailed)) {
            try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
                try transaction.release("a")
                transaction.set("b", try transaction.adopt(staged))
                throw StoreError(.preconditionFailed)
            }
        }
        #expect(try fixture.names() == ["a"])
        #expect(try await fixture.get("a") == [1])
        try fixture.expectSound()
        // Its first segments were committed while it streamed: the garbage collection gets them.
        #expect(try fixture.statistics().reclaimableContentCount == 1)
    }

    @Test(arguments: 1...4) func `sees what is stored with its own changes in any range`(seed: UInt64) async throws {
        let fixture = try EngineFixture()
        try await fixture.engine.commit { transaction in
            for key in stride(from: 0, to: 100, by: 3) as StrideTo<UInt8> { transaction.put(.objects, [key], [key]) }
        }
        // A request that takes back what it changed, and one behind it in the same group.
        try? await fixture.engine.commit { transaction throws(StoreError) in
            transaction.put(.objects, [1], [1])
            _ = try transaction.firstKey(.objects, from: [], until: nil)
            throw StoreError(.preconditionFailed)
        }
        try await fixture.engine.commit { transaction throws(StoreError) in
            var model = [UInt8: UInt8](uniqueKeysWithValues: stride(from: 0, to: 100, by: 3).map { ($0, $0) })
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<300 {
                let key = UInt8(generator.below(100))
                switch generator.below(3) {
                case 0:
                    model[key] = UInt8(generator.below(100))
                    transaction.put(.objects, [key], [model[key] ?? 0])
                case 1:
                    model[key] = nil
                    transaction.delete(.objects, [key])
                default:
                    let end = Int(key) + generator.below(101 - Int(key))
                    var seen: [UInt8: UInt8] = [:]
                    var keys: [UInt8] = []
                    try transaction.scan(.objects, from: [key], until: [UInt8(end)]) { key, value in
                        keys.append(key[0])
                        seen[key[0]] = value[0]
                        return true
                    }
                    #expect(seen == model.filter { $0.key >= key && $0.key < end } && keys == keys.sorted())
                }
            }
        }
    }

    @Test func `without changes costs no sync`() async throws {
        let fixture = try EngineFixture()
        fixture.machine.trace.removeAll()
        let answer = try await fixture.engine.commit { _ in 42 }
        #expect(answer == 42 && fixture.machine.trace.lines.isEmpty)
    }

    @Test func `gives back contents that are not adopted`() async throws {
        let fixture = try EngineFixture()
        let staged = try await fixture.stage(PatternContent(seed: 1).bytes(0..<30_000))
        try await fixture.engine.commit([staged]) { _ in }
        let next = try await fixture.collected()
        #expect(try next.pairs(.contents).isEmpty && next.pairs(.chunks).isEmpty)
        try next.expectSound()
    }

    @Test func `runs what follows it before its caller goes on`() async throws {
        let fixture = try EngineFixture()
        let ran = Mutex<[Int]>([])
        try await fixture.engine.commit { transaction in
            transaction.put(.objects, [1], [1])
            transaction.afterCommit { [metadata = fixture.metadata] in
                ran.withLock { $0.append((try? metadata.get(.objects, [1]))?.count ?? -1) }
            }
        }
        #expect(ran.withLock { $0 } == [1])
        await #expect(throws: StoreError(.noSuchKey)) {
            try await fixture.engine.commit { transaction throws(StoreError) in
                transaction.afterCommit { ran.withLock { $0.append(2) } }
                throw StoreError(.noSuchKey)
            }
        }
        #expect(ran.withLock { $0 } == [1])
    }

    @Test func `happens later than the one before`() async throws {
        let fixture = try EngineFixture()
        var last = Timestamp(nanoseconds: .min)
        for _ in 0..<10 {
            let now = try await fixture.engine.commit { $0.now }
            #expect(now > last)
            last = now
        }
    }

    @Test func `is refused after the shutdown`() async throws {
        let fixture = try EngineFixture()
        await fixture.engine.shutdown()
        await #expect(throws: StoreError(.unavailable)) { try await fixture.put("a", [1]) }
    }

    /// The gate holds the leader in its first request while the others queue up.
    @Test(.timeLimit(.minutes(1))) func `shares its sync with those that wait`() async throws {
        let workers = WorkerPool(threadCount: 2)
        let fixture = try EngineFixture(workers: workers)
        let queued = Counter()
        fixture.machine.trace.removeAll()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await fixture.engine.commit { transaction in
                    while queued.value < 50 {}
                    transaction.put(.objects, [0], [0])
                }
            }
            for index in 1...50 {
                group.addTask {
                    queued.increment()
                    try await fixture.engine.commit { $0.put(.objects, [UInt8(index)], [0]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.pairs(.objects).count == 51)
        #expect(fixture.machine.trace.lines.filter { $0.hasPrefix("commit") }.count < 25)
        await fixture.engine.shutdown()
        await workers.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func `sees the changes of its group and not those that failed`() async throws {
        let workers = WorkerPool(threadCount: 4)
        let fixture = try EngineFixture(workers: workers)
        // A counter that many increment, some of them in vain.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    do {
                        try await fixture.engine.commit { transaction throws(StoreError) in
                            let old = try transaction.get(.objects, [1])?.first ?? 0
                            transaction.put(.objects, [1], [old &+ 1])
                            transaction.put(.objects, [2, UInt8(index & 255)], [1])
                            if index.isMultiple(of: 3) { throw StoreError(.preconditionFailed) }
                        }
                    } catch let error as StoreError where error.code == .preconditionFailed {}
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.metadata.get(.objects, [1]) == [200])
        await fixture.engine.shutdown()
        await workers.shutdown()
    }

    @Test func `is refused when too many wait`() async throws {
        var configuration = EngineConfiguration.small
        configuration.commitQueueCountMax = 0
        let fixture = try EngineFixture(configuration: configuration)
        await #expect(throws: StoreError(.slowDown)) { try await fixture.put("a", [1]) }
    }

    /// Else its space would stay taken until the next start.
    @Test func `is not refused when it gives an upload up`() async throws {
        var configuration = EngineConfiguration.small
        configuration.commitQueueCountMax = 1
        let workers = HeldWorkers()
        let fixture = try EngineFixture(configuration: configuration, workers: workers.pool)
        let other = try await fixture.stage(PatternContent(seed: 1).bytes(0..<9_000))
        let writer = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
        try await writer.write(ByteBuffer(bytes: PatternContent(seed: 2).bytes(0..<20_000)))
        workers.hold()
        fixture.engine.discard(other)
        async let ended: Void = writer.abandon()
        for _ in 0..<1_000 { await Task.yield() }
        workers.release()
        await ended
        let range = EngineKeys.range(of: EngineKeys.pendingPrefix)
        let pending = try fixture.metadata.cursor(.system, from: range.lower, until: range.upper)
        #expect(try !pending.next())
    }

    @Test func `ends a group at its bytes`() async throws {
        var configuration = EngineConfiguration.small
        configuration.commitGroupByteCountMax = 1
        let workers = WorkerPool(threadCount: 2)
        let fixture = try EngineFixture(configuration: configuration, workers: workers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<50 {
                group.addTask { try await fixture.engine.commit { $0.put(.objects, [UInt8(index)], [0]) } }
            }
            try await group.waitForAll()
        }
        #expect(fixture.machine.trace.lines.filter { $0 == "commit objects+1" }.count == 50)
        await fixture.engine.shutdown()
        await workers.shutdown()
    }
}

/// How many tasks have come so far.
private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    func increment() {
        count.wrappingAdd(1, ordering: .releasing)
    }
}

@Suite struct `A transaction` {
    @Test func `scans stored pairs and its own as one`() async throws {
        let fixture = try EngineFixture()
        try await fixture.engine.commit { transaction in
            for key: UInt8 in [1, 3, 5, 7] { transaction.put(.objects, [key], [key]) }
        }
        let seen = try await fixture.engine.commit { transaction throws(StoreError) in
            transaction.put(.objects, [0], [100])
            transaction.put(.objects, [3], [103])
            transaction.delete(.objects, [5])
            transaction.put(.objects, [6], [106])
            transaction.put(.objects, [9], [109])
            var seen: [[UInt8]] = []
            try transaction.scan(.objects, from: [1], until: [9]) { key, value in
                seen.append(key + value)
                return true
            }
            return seen
        }
        #expect(seen == [[1, 1], [3, 103], [6, 106], [7, 7]])
    }

    @Test func `finds the first key there is`() async throws {
        let fixture = try EngineFixture()
        try await fixture.engine.commit { $0.put(.objects, [4], [4]) }
        let first = try await fixture.engine.commit { transaction throws(StoreError) in
            var found = [try transaction.firstKey(.objects, from: [], until: nil)]
            found.append(try transaction.firstKey(.objects, from: [5], until: nil))
            transaction.put(.objects, [2], [2])
            found.append(try transaction.firstKey(.objects, from: [], until: nil))
            transaction.delete(.objects, [4])
            transaction.delete(.objects, [2])
            found.append(try transaction.firstKey(.objects, from: [], until: nil))
            return found
        }
        #expect(first == [[4], nil, [2], nil])
    }

    @Test func `refuses to release what was released`() async throws {
        let fixture = try EngineFixture()
        let content = try await fixture.put("a", PatternContent(seed: 1).bytes(0..<1_000))
        try await fixture.delete("a")
        await #expect(throws: StoreError(.corrupted)) {
            try await fixture.engine.commit { transaction throws(StoreError) in try transaction.release(content) }
        }
        await #expect(throws: StoreError(.corrupted)) {
            try await fixture.engine.commit { transaction throws(StoreError) in try transaction.retain(content) }
        }
        try fixture.expectSound()
    }
}
