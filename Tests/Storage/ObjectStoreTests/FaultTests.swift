// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// Every operation on disk and metadata fails once, in turn, while the power stays on.
@Suite(.tags(.durability)) struct `A failing device` {
    @Test(arguments: Scenario.allCases, [SimulatedFault.ioFailure, .noSpace])
    func `loses nothing that was acknowledged`(_ scenario: Scenario, _ fault: SimulatedFault) async throws {
        var operation = 1
        while try await fail(scenario, fault, operation: operation) { operation += 1 }
        #expect(operation > 10)
    }

    /// Says whether there was such an operation.
    private func fail(_ scenario: Scenario, _ fault: SimulatedFault, operation: Int) async throws -> Bool {
        let label = "\(scenario), \(fault), operation \(operation)"
        let machine = SimulatedMachine(seed: UInt64(operation))
        machine.power.fail(operation: operation, with: fault)
        var run = FaultyRun(label: label)
        if let fixture = try? StoreFixture(machine: machine, isSmall: true) {
            try await run.perform(scenario, on: fixture.store)
        }
        let count = machine.power.operationCount
        let fixture = try StoreFixture(machine: machine.afterPowerLoss(), isSmall: true)
        if (try? fixture.store.bucketIfCached(photos)) != nil {
            let observed = try await ObservedStore(fixture.store)
            #expect(run.possible.contains(observed), "\(label): not what was acknowledged")
        } else {
            #expect(!run.hasBucket, "\(label): the bucket is gone")
        }
        try fixture.expectSound(label)
        return count >= operation
    }
}

/// Steps against a store that may fail, and every state that its answers allow after a restart.
private struct FaultyRun {
    let label: String
    var hasBucket = false
    /// What is visible while the store runs.
    private var model = StoreModel()
    /// What a restart may find.
    private(set) var possible: Set<ObservedStore> = [ObservedStore(StoreModel())]
    private var refuses = false

    init(label: String) {
        self.label = label
    }

    mutating func perform(_ scenario: Scenario, on store: ObjectStore) async throws {
        do throws(StoreError) {
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            hasBucket = true
        } catch {
            await #expect(throws: (any Error).self) {
                try await store.createBucket(photos, owner: "main", region: "us-east-1")
            }
            return
        }
        for step in scenario.steps {
            var after = model
            step.apply(to: &after)
            // Once it refuses writes, a step can't have happened; before that, a failed commit may turn up later.
            refuses = store.writeRefusal != nil
            do throws(StoreError) {
                try await step.perform(on: store)
                #expect(!refuses, "\(label): \(step) was acknowledged by a store that had refused writes")
                model = after
                possible = [ObservedStore(after)]
            } catch {
                let codes: [StoreError.Code] = [
                    .ioFailure, .insufficientStorage, .unavailable, .noSuchUpload, .noSuchKey, .invalidRequest,
                ]
                #expect(codes.contains(error.code), "\(label): \(step): \(error)")
                let isDoubtful = error.code == .ioFailure || error.code == .unavailable
                if isDoubtful, !refuses { possible.insert(ObservedStore(after)) }
            }
            // Reads go on, and see what was acknowledged.
            let observed = try await ObservedStore(store)
            #expect(observed == ObservedStore(model), "\(label): \(step)")
        }
    }
}
