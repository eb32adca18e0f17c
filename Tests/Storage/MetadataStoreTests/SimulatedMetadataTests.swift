// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import MetadataStore
import StorageTestSupport
import Testing

@Suite struct SimulatedMetadataTests {
    @Test func `a commit whose power is cut is there whole or not at all`() throws {
        var outcomes: Set<Int> = []
        for seed in 0..<64 as Range<UInt64> {
            let machine = SimulatedMachine(seed: seed)
            let store = try machine.openMetadata()
            try store.put(.system, [([0], [0])])
            machine.power.crashAfter(operation: 2)
            let error = failure { () throws(MetadataError) in
                try store.put(.objects, [([1], [1]), ([2], [2]), ([3], [3])])
            }
            #expect(error?.isPowerLost == true)
            #expect(failure { () throws(MetadataError) in _ = try store.get(.system, [0]) }?.isPowerLost == true)
            let next = try machine.afterPowerLoss().openMetadata()
            #expect(try next.get(.system, [0]) == [0])
            outcomes.insert(try next.keys(.objects).count)
        }
        #expect(outcomes == [0, 3])
    }

    @Test func `a failed commit stops all later ones, and the next start decides about it`() throws {
        var outcomes: Set<Bool> = []
        for seed in 0..<64 as Range<UInt64> {
            let machine = SimulatedMachine(seed: seed)
            let store = try machine.openMetadata()
            try store.put(.system, [([1], [1])])
            machine.power.failNext(with: .noSpace)
            #expect(failure { () throws(MetadataError) in try store.put(.system, [([2], [2])]) }?.code == .noSpace)
            #expect(failure { () throws(MetadataError) in try store.put(.system, [([3], [3])]) }?.code == .failed)
            #expect(try store.get(.system, [1]) == [1])
            #expect(try store.get(.system, [2]) == nil)
            store.close()
            let next = try machine.openMetadata()
            outcomes.insert(try next.get(.system, [2]) != nil)
            try next.put(.system, [([3], [3])])
        }
        #expect(outcomes == [true, false])
    }

    @Test func `disk and metadata share the count of operations and the trace`() throws {
        let machine = SimulatedMachine(seed: 1)
        let store = try machine.openMetadata()
        let file = try machine.fileSystem.open("/data/pack", .create)
        try file.sync()
        try machine.fileSystem.syncDirectory("/data")
        var batch = MetadataBatch()
        batch.put(.chunks, [1], [])
        batch.put(.chunks, [2], [])
        batch.delete(.objects, [1])
        batch.put(.system, [1], [])
        try store.commit(batch)
        #expect(machine.power.operationCount == 4)
        #expect(
            machine.trace.text == """
                create pack
                sync pack
                syncdir .
                commit system+1 objects-1 chunks+2

                """
        )
    }

    @Test(arguments: [SimulatedCaching.never, .random])
    func `a cold cache knows nothing`(caching: SimulatedCaching) throws {
        let store = try SimulatedMachine(seed: 1, caching: caching).openMetadata()
        try store.put(.objects, [([1], [1])])
        var seen: [CachedValue] = []
        for _ in 0..<64 { seen.append(try store.getIfCached(.objects, [1])) }
        #expect(seen.contains(.unknown))
        #expect(seen.contains(.value([1])) == (caching == .random))
        #expect(try store.get(.objects, [1]) == [1])
    }

    @Test func `nothing can be opened without power`() throws {
        let machine = SimulatedMachine(seed: 1)
        machine.power.cut()
        #expect(failure { () throws(MetadataError) in _ = try machine.openMetadata() }?.isPowerLost == true)
    }
}
