// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import StorageTestSupport
import StorageTypes
import Testing

/// The power goes in the middle of every single operation on disk and metadata, in turn.
@Suite(.tags(.durability)) struct `A loss of power` {
    @Test(arguments: Scenario.allCases, PowerLossMode.allCases)
    func `loses nothing that was acknowledged`(_ scenario: Scenario, _ mode: PowerLossMode) async throws {
        let seeds = mode == .random ? SimulationSeeds.range(count: 2) : 1..<2
        for seed in seeds {
            var operation = 1
            while try await crash(scenario, mode, seed: seed, operation: operation) { operation += 1 }
            #expect(operation > 5, "the scenario ends before anything happens")
        }
    }

    /// Says whether the power went before the scenario ended.
    private func crash(_ scenario: Scenario, _ mode: PowerLossMode, seed: UInt64, operation: Int) async throws -> Bool {
        let label = "\(scenario), \(mode), seed \(seed), operation \(operation)"
        let machine = SimulatedMachine(seed: seed &* 1_000_003 &+ UInt64(operation))
        machine.power.crashAfter(operation: operation)
        let run = await ScenarioRun.perform(scenario, on: machine)
        #expect(run.failure == nil || machine.power.isOff, "\(label): \(String(describing: run.failure))")
        let hasCrashed = machine.power.isOff

        let next = try EngineFixture(machine: machine.afterPowerLoss(mode))
        try await run.expectOneOfItsStates(next, label)
        try next.expectSound(label)

        // It goes on working where it stands, and a collection leaves nothing behind.
        let extra = PatternContent(seed: 99).bytes(0..<7_000)
        try await next.put("extra", extra)
        let clean = try await next.collected()
        try clean.expectSound("\(label), collected")
        let statistics = try clean.statistics()
        #expect(statistics.garbageByteCount == 0 && statistics.reclaimableContentCount == 0, "\(label)")
        #expect(try await clean.get("extra") == extra, "\(label)")
        try await clean.delete("extra")
        try await run.expectOneOfItsStates(clean, "\(label), collected")
        return hasCrashed
    }

    /// A second crash while the store recovers from the first.
    @Test(arguments: PowerLossMode.allCases)
    func `while the store starts loses nothing either`(_ mode: PowerLossMode) async throws {
        for operation in 1...60 {
            let machine = SimulatedMachine(seed: UInt64(operation))
            machine.power.crashAfter(operation: operation)
            let run = await ScenarioRun.perform(.segments, on: machine)
            guard machine.power.isOff else { break }
            for second in 1...6 {
                let again = machine.afterPowerLoss(mode)
                again.power.crashAfter(operation: second)
                _ = try? EngineFixture(machine: again)
                let label = "\(mode), operations \(operation) and \(second)"
                let next = try EngineFixture(machine: again.afterPowerLoss(mode))
                try await run.expectOneOfItsStates(next, label)
                try next.expectSound(label)
            }
        }
    }
}
