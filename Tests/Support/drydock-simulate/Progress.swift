// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SimulationKit

/// Says how far a run is, and at its end what it did.
struct Progress {
    private let goal: Int
    private let isVerbose: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastLine: ContinuousClock.Instant
    private var total = SimulationReport()
    private var seedCount = 0

    init(goal: Int, isVerbose: Bool) {
        self.goal = goal
        self.isVerbose = isVerbose
        start = clock.now
        lastLine = start
    }

    var isDone: Bool { total.crashStateCount >= goal }

    mutating func add(_ run: SeedRun) {
        total.add(run.report)
        seedCount += 1
        let now = clock.now
        guard isVerbose || now - lastLine > .seconds(2) else { return }
        lastLine = now
        print("seed \(run.seed): \(run.report.crashStateCount) states; \(totals)")
        fflush(nil)
    }

    func finish() {
        print("\(seedCount) seeds: \(totals)")
        for (name, count) in total.rows { print("  \(name): \(count)") }
    }

    private var totals: String {
        let elapsed = clock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = Int(Double(total.crashStateCount) / max(seconds, 0.001))
        return "\(total.crashStateCount) of \(goal) states in \(Int(seconds)) s, \(rate) a second"
    }
}
