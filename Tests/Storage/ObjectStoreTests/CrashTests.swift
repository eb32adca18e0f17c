// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// The power goes in the middle of every single operation on disk and metadata, in turn.
///
/// Whatever was acknowledged is there afterwards, byte for byte; what was under way is there whole or not at all; and the
/// checker finds nothing to complain about.
@Suite(.tags(.durability)) struct `A loss of power` {
    @Test(arguments: Scenario.allCases, PowerLossMode.allCases)
    func `loses nothing that was acknowledged`(_ scenario: Scenario, _ mode: PowerLossMode) async throws {
        let seeds = mode == .random ? SimulationSeeds.range(count: 4) : 1..<2
        for seed in seeds {
            var operation = 1
            while try await crash(scenario, mode, seed: seed, operation: operation) { operation += 1 }
            // The scenario does more than the bucket's creation, or the crash was never in it.
            #expect(operation > 10)
        }
    }

    /// Says whether the power went before the scenario ended.
    private func crash(_ scenario: Scenario, _ mode: PowerLossMode, seed: UInt64, operation: Int) async throws -> Bool {
        let machine = SimulatedMachine(seed: seed &* 1_000 &+ UInt64(operation))
        machine.power.crashAfter(operation: operation)
        var model = StoreModel()
        var underWay: StoreModel?
        let label = "\(scenario), \(mode), seed \(seed), operation \(operation)"
        do {
            let store = try StoreFixture(machine: machine, isSmall: true).store
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            for step in scenario.steps {
                var after = model
                step.apply(to: &after)
                underWay = after
                try await step.perform(on: store)
                model = after
                underWay = nil
            }
        } catch {
            #expect(machine.power.isOff, "\(label): \(error)")
        }
        let hasCrashed = machine.power.isOff
        let next = machine.afterPowerLoss(mode)
        let fixture = try StoreFixture(machine: next, isSmall: true)
        guard (try? fixture.store.bucketIfCached(photos)) != nil else {
            #expect(model == StoreModel(), "\(label): the bucket is gone")
            return hasCrashed
        }
        let observed = try await ObservedStore(fixture.store)
        let isOld = observed == ObservedStore(model)
        let isNew = underWay.map { observed == ObservedStore($0) } ?? false
        try #require(isOld || isNew, "\(label): neither the old state nor the new one")
        try fixture.expectSound(label)

        // And the store goes on working where it stands.
        try await StoreStep.put("after", size: 9_000, seed: 77).perform(on: fixture.store)
        #expect(try await fixture.store.get("after") == content(9_000, seed: 77), "\(label)")
        try fixture.expectSound(label)
        return hasCrashed
    }

    @Test func `in the deletion of a bucket with many uploads leaves it whole or gone, and no space behind`()
        async throws
    {
        for operation in 0..<6 {
            let fixture = try await StoreFixture.withBucket(SimulatedMachine(seed: UInt64(operation)))
            for index in 0..<30 {
                let upload = try await fixture.store.upload("k\(index)")
                for number in 1...100 { try await fixture.store.part(upload, number, [UInt8(number)]) }
            }
            fixture.machine.power.crashAfter(operation: fixture.machine.power.operationCount + 1 + operation)
            // From the second step on the bucket is gone, and the client was told so.
            do throws(StoreError) {
                try await fixture.store.deleteBucket(photos)
                #expect(operation > 0)
            } catch { #expect(operation == 0) }
            let next = try StoreFixture(machine: fixture.machine.afterPowerLoss(.dropUnsynced))
            try next.expectSound("operation \(operation)")
            #expect((try? next.store.bucketIfCached(photos)) == nil || operation == 0)
            try await next.store.finishDroppedBuckets()
            try next.expectSound("operation \(operation), finished")
            let counts = try ObjectStoreMaintenance.audit(metadata: next.metadata)
            #expect(counts.partCount == (operation == 0 ? 3_000 : 0))
        }
    }

    @Test(arguments: [Scenario.mixed, .puts, .resentPart])
    func `during the recovery from another loses nothing either`(_ scenario: Scenario) async throws {
        for first in stride(from: 4, to: 60, by: 7) {
            for second in 1...6 {
                let machine = SimulatedMachine(seed: UInt64(first * 100 + second))
                machine.power.crashAfter(operation: first)
                var model = StoreModel()
                var allowed: Set<ObservedStore> = [ObservedStore(model)]
                do {
                    let store = try StoreFixture(machine: machine, isSmall: true).store
                    _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
                    for step in scenario.steps {
                        allowed = [ObservedStore(model)]
                        step.apply(to: &model)
                        allowed.insert(ObservedStore(model))
                        try await step.perform(on: store)
                        allowed = [ObservedStore(model)]
                    }
                } catch { #expect(machine.power.isOff) }
                let recovering = machine.afterPowerLoss()
                recovering.power.crashAfter(operation: second)
                _ = try? StoreFixture(machine: recovering, isSmall: true)
                let fixture = try StoreFixture(machine: recovering.afterPowerLoss(), isSmall: true)
                guard (try? fixture.store.bucketIfCached(photos)) != nil else { continue }
                let observed = try await ObservedStore(fixture.store)
                #expect(allowed.contains(observed), "\(scenario), \(first), then \(second)")
                try fixture.expectSound("\(scenario), \(first), then \(second)")
            }
        }
    }
}

extension Tag {
    @Tag static var durability: Self
}
