// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import SimulationKit
import Testing

/// `make simulate` goes on where this ends: a few seeds here, as many as one likes there.
@Suite(.tags(.durability)) struct `A simulated store` {
    private static let statesPerShard = 500

    /// Four at a time, each with seeds of its own; 2,000 crash states or more in all.
    @Test(arguments: [1_000, 2_000, 3_000, 4_000] as [UInt64])
    func `keeps every promise in every crash state`(_ firstSeed: UInt64) throws {
        var total = SimulationReport()
        var seed = firstSeed
        while total.crashStateCount < Self.statesPerShard {
            total.add(try Self.run(seed))
            seed += 1
        }
        // What was never reached was never checked.
        #expect(total.recoveryCrashCount > 0 && total.collectionCount > 0)
        #expect(total.sharedCommitCount > 0 && total.failedOperationCount > 0)
        #expect(total.crashes[.sync] ?? 0 > 0 && total.crashes[.commit] ?? 0 > 0 && total.crashes[.write] ?? 0 > 0)
    }

    @Test func `does the same again for the same seed`() throws {
        var (first, second) = (Simulation(seed: 7), Simulation(seed: 7))
        try first.run()
        try second.run()
        #expect(first.tail == second.tail)
        #expect(first.report.crashStateCount == second.report.crashStateCount)
    }

    /// A simulation that can't fail proves nothing.
    @Test func `fails on a drive that forgets what it has promised to keep`() {
        var stateCount = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var simulation = Simulation(seed: seed, drive: .lying)
            do throws(SimulationFailure) {
                try simulation.run()
                stateCount += simulation.report.crashStateCount
            } catch {
                #expect([.bytes, .soundness, .start].contains(error.invariant), "\(error)")
                #expect(stateCount + simulation.report.crashStateCount < 10_000)
                return
            }
        }
        Issue.record("nobody has noticed in \(stateCount) states")
    }

    private static func run(_ seed: UInt64) throws -> SimulationReport {
        var simulation = Simulation(seed: seed)
        do {
            try simulation.run()
        } catch {
            for line in simulation.tail.suffix(60) { print(line) }
            Issue.record("\(error)\nreproduce: make simulate SEED=\(seed) STEPS=1")
            throw error
        }
        return simulation.report
    }
}

extension Tag {
    @Tag static var durability: Self
}
