// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes

/// The one place that knows how garbage is collected.
enum Collector {
    /// Everything at once, on a stopped store.
    static func collectOffline(
        _ configuration: ObjectStoreConfiguration,
        _ fileSystem: any FileSystem,
        _ metadata: any MetadataStore
    ) async throws(StoreError) {
        defer { metadata.close() }
        _ = try await EngineMaintenance.collectGarbage(
            configuration.engine,
            fileSystem: fileSystem,
            metadata: metadata,
            clock: ManualClock(),
            policy: thorough
        )
    }

    /// Leaves no garbage anywhere, and no parts that can be joined.
    static var thorough: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0
        policy.joinsParts = true
        return policy
    }

    /// Any mixture of steps, from one chunk a commit to everything at once.
    static func draw(_ generator: inout SeededGenerator) -> GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = generator.pick([0, 0.2, 0.5, 1, 1])
        policy.unreturnedShareMin = generator.pick([0.25, 1])
        policy.holeByteCountMin = generator.pick([1, 4_096, 1 << 20])
        policy.currentByteCountMin = generator.pick([0, 0, 4_096, 1 << 20])
        policy.entryCountPerCommit = generator.pick([1, 8, 2_048])
        policy.moveByteCount = generator.pick([1, 2_048, 1 << 20])
        policy.moveByteRateMax = generator.pick([nil, 1 << 20])
        policy.joinsParts = generator.coin()
        policy.recompressIdleSecondsMin = generator.pick([nil, nil, 0])
        policy.recompressCommitByteCount = generator.pick([600, 4_096, 4 << 20])
        policy.recompressShareMin = generator.pick([-1, 0.03])
        policy.recompressByteCountMax = generator.pick([1, 4_096, .max])
        if generator.chance(1, in: 3) { makeHoles(&policy) }
        return policy
    }

    /// Few of all draws come to holes, and fewer to holes beside long groups.
    private static func makeHoles(_ policy: inout GarbagePolicy) {
        policy.rewriteShareMin = 1
        policy.unreturnedShareMin = 1
        policy.holeByteCountMin = 1
        policy.recompressIdleSecondsMin = 0
        policy.recompressShareMin = -1
        policy.recompressCommitByteCount = 4 << 20
        policy.recompressByteCountMax = .max
    }
}

extension Life {
    /// Collects beside the clients, until they have all gone.
    func collectOnline(_ store: ObjectStore) async {
        while workingClientCount > 0, failure == nil {
            await scheduler.sleep(generator.below(generator.pick([40, 400, 2_000])))
            await collectOnline(store, generator.coin() ? Collector.thorough : Collector.draw(&generator))
        }
    }

    /// Joins parts beside clients and collections, until the clients have all gone.
    func joinOnline(_ store: ObjectStore) async {
        let scheduler = scheduler
        while workingClientCount > 0, failure == nil {
            await scheduler.sleep(generator.below(generator.pick([40, 400, 2_000])))
            do throws(StoreError) {
                let report = try await store.joinParts(coreShareMax: 0.5) { _ in await scheduler.sleep(20) }
                if report.joinedCount > 0 { log.add("joined the parts of \(report.joinedCount) objects") }
                self.report.joinedContentCount += Int(report.joinedCount)
                if !isStruck, report.damagedCount > 0 { fail(.soundness, "parts are damaged and can't be joined") }
            } catch {
                log.add("joined: \(error)")
                if !isStruck, error.code != .slowDown { fail(.availability, "a joining of parts fails: \(error)") }
            }
        }
    }

    /// What was looked up is readable, though it may be deleted or joined since and a collection has taken all it could, or does
    /// while it is read.
    func finishHeldReadings(_ store: ObjectStore) async {
        guard !heldReadings.isEmpty, failure == nil else { return }
        await withTaskGroup { group in
            if generator.coin() {
                group.addTask { _ = await self.collectOnline(store, Collector.thorough) }
            } else {
                await collectOnline(store, Collector.thorough)
            }
            let reader = Client(0, self, store)
            while let reading = heldReadings.popLast(), failure == nil { await reader.finish(reading) }
        }
        heldReadings = []
    }

    /// When nobody reads or writes, nothing keeps garbage in place. The first of two collections may move frames behind the
    /// remains of an upload that was given up, which are garbage only then.
    func collectAtLast(_ store: ObjectStore, _ metadata: any MetadataStore) async {
        // What nobody waited for, such as giving a content back, comes to its end.
        await scheduler.sleep(1_000)
        guard generator.coin(), failure == nil, await collectOnline(store, Collector.thorough),
            await collectOnline(store, Collector.thorough), !isStruck
        else { return }
        do throws(StoreError) {
            let statistics = try EngineMaintenance.statistics(metadata: metadata)
            guard statistics.garbageByteCount > 0 || statistics.reclaimableContentCount > 0 else { return }
            fail(.reclamation, "garbage is left when all is quiet: \(statistics)")
        } catch {
            fail(.availability, "statistics: \(error)")
        }
    }

    @discardableResult
    private func collectOnline(_ store: ObjectStore, _ policy: GarbagePolicy) async -> Bool {
        report.collectionCount += 1
        log.add("collect garbage")
        let scheduler = scheduler
        do throws(StoreError) {
            let collected = try await store.collectGarbage(policy) { _ in await scheduler.sleep(20) }
            log.add("collected: \(collected.chunkCount) chunks, \(collected.postponedContentCount) contents postponed")
            report.postponedContentCount += Int(collected.postponedContentCount)
            report.joinedContentCount += Int(collected.joinedContentCount)
            return true
        } catch {
            log.add("collected: \(error)")
            // A check keeps collections away, and one collection another.
            if !isStruck, error.code != .slowDown { fail(.availability, "a collection fails: \(error)") }
            return false
        }
    }
}
