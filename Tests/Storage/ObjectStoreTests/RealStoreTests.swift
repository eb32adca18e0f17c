// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// The same store over RocksDB, a real disk and worker threads: what only they can break.
@Suite struct `On a real disk` {
    /// A store in a directory of its own.
    private final class RealStore {
        let directory = TemporaryDirectory()
        private(set) var metadata: RocksDBMetadataStore
        private(set) var store: ObjectStore
        private var workers = WorkerPool(threadCount: 3)

        init() throws {
            (metadata, store) = try StoreOnDisk.open(directory, workers: workers)
        }

        func close() async {
            await store.shutdown()
            metadata.close()
            await workers.shutdown()
        }

        func reopen() async throws {
            await close()
            workers = WorkerPool(threadCount: 3)
            (metadata, store) = try StoreOnDisk.open(directory, workers: workers)
        }

        func expectSound() throws {
            let report = try ObjectStoreMaintenance.fsck(
                store.configuration,
                fileSystem: LinuxFileSystem(),
                metadata: metadata,
            )
            #expect(report.isClean, "\(report)")
        }
    }

    @Test func `objects of all sizes outlive a restart`() async throws {
        let real = try RealStore()
        _ = try await real.store.createBucket(photos, owner: "main", region: "us-east-1")
        let sizes = [0, 1, 16_384, 16_385, 1_000_000, 9_000_000]
        for size in sizes { try await real.store.put("k\(size)", content(size, seed: UInt64(size))) }
        let upload = try await real.store.upload("multi")
        let parts = [
            try await real.store.part(upload, 1, content(6_000_000, seed: 1)),
            try await real.store.part(upload, 2, content(5)),
        ]
        _ = try await real.store.complete(upload, parts, partSizeMin: 5 << 20)
        _ = try await real.store.copy("k9000000", to: "copy")
        try await real.store.delete("k9000000")
        try await real.reopen()
        for size in sizes.dropLast() {
            #expect(try await real.store.get("k\(size)") == content(size, seed: UInt64(size)))
        }
        #expect(try await real.store.get("multi") == content(6_000_000, seed: 1) + content(5))
        #expect(try await real.store.get("copy") == content(9_000_000, seed: 9_000_000))
        try real.expectSound()
        await real.close()
    }

    @Test func `the space of small objects comes back that were deleted before a restart`() async throws {
        let real = try RealStore()
        _ = try await real.store.createBucket(photos, owner: "main", region: "us-east-1")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask { [store = real.store] in
                    for index in 0..<400 {
                        try await store.put("\(writer)/\(index)", content(16_000, seed: UInt64(writer * 400 + index)))
                    }
                }
            }
            try await group.waitForAll()
        }
        // So that they are in files before they are deleted.
        try await real.reopen()
        for name in try await real.store.keys(limit: 1_000).dropLast(10) { try await real.store.delete(name) }
        try await real.reopen()
        let report = try await real.store.collectGarbage(.background) { _ in }
        #expect(report.inlineByteCount > 40 << 20)
        let again = try await real.store.collectGarbage(.background) { _ in }
        #expect(again.inlineByteCount == 0)
        #expect(try await real.store.keys().count == 10)
        try real.expectSound()
        await real.close()
    }

    @Test func `readers see one write whole, never a mixture`() async throws {
        let real = try RealStore()
        let store = real.store
        _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
        // One inline, one in a pack, so that readers meet bytes that an overwrite has just deleted.
        let states = [content(3_000, seed: 0), content(200_000, seed: 1), content(16_000, seed: 2)]
        try await store.put("a", states[0])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    for round in 0..<60 { try await store.put("a", states[(round + writer) % 3]) }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<150 {
                        let object: any OpenedObject
                        if let cached = try store.openObjectIfCached(bucket: photos, key: key("a")) {
                            object = cached
                        } else {
                            object = try await store.openObject(bucket: photos, key: key("a"))
                        }
                        #expect(try await states.contains(object.bytes()))
                    }
                }
            }
            try await group.waitForAll()
        }
        try real.expectSound()
        await real.close()
    }

    @Test func `of many conditional writers exactly one wins`() async throws {
        let real = try RealStore()
        let store = real.store
        _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
        for round in 0..<5 {
            let wins = await withTaskGroup(of: Bool.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        let bytes = content(writer % 2 == 0 ? 100 : 100_000, seed: UInt64(writer))
                        do throws(StoreError) {
                            try await store.put("k\(round)", bytes, condition: WriteCondition(ifNoneMatch: .any))
                            return true
                        } catch {
                            #expect(error == StoreError(.preconditionFailed))
                            return false
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
        try real.expectSound()
        await real.close()
    }

    @Test func `puts that race with the bucket's deletion are there or refused`() async throws {
        let real = try RealStore()
        let store = real.store
        for _ in 0..<10 {
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            let stored = await withTaskGroup(of: Bool.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        do throws(StoreError) {
                            try await store.put("k\(writer)", content(20_000, seed: UInt64(writer)))
                            return true
                        } catch {
                            #expect(error == StoreError(.noSuchBucket))
                            return false
                        }
                    }
                }
                group.addTask {
                    try? await store.deleteBucket(photos)
                    return false
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            if stored > 0 {
                #expect(try await store.keys().count == stored)
                for name in try await store.keys() { try await store.delete(name) }
                try await store.deleteBucket(photos)
            } else {
                #expect(throws: StoreError(.noSuchBucket)) { try store.bucketIfCached(photos) }
            }
        }
        try real.expectSound()
        await real.close()
    }

    @Test func `many clients at once lose nothing`() async throws {
        let real = try RealStore()
        let store = real.store
        _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<8 {
                group.addTask {
                    for round in 0..<25 {
                        let size = [10, 5_000, 40_000, 1_500_000][(client + round) % 4]
                        // Shared seeds: clients meet each other's chunks while they are on their way.
                        try await store.put("c\(client)/\(round)", content(size, seed: UInt64(round)))
                        if round % 3 == 2 { try await store.delete("c\(client)/\(round - 1)") }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await real.reopen()
        var count = 0
        for client in 0..<8 {
            for round in 0..<25 where !(round % 3 == 1 && round < 24) {
                let size = [10, 5_000, 40_000, 1_500_000][(client + round) % 4]
                #expect(try await real.store.get("c\(client)/\(round)") == content(size, seed: UInt64(round)))
                count += 1
            }
        }
        #expect(try await real.store.keys().count == count)
        try real.expectSound()
        await real.close()
    }
}
