// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SimulationKit

/// Simulates a store from seed to seed until enough machines have lost their power.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drydock-simulate",
        abstract: "Runs the store on a simulated machine that loses its power again and again.",
        discussion: "Example: drydock-simulate --seed 7 --steps 100000"
    )

    @Option(help: "The first seed; the next ones follow.")
    var seed: UInt64 = 1

    @Option(help: "Crash states to check; the seed under way is finished.")
    var steps = 10_000

    @Option(help: "Seeds at once, each on a thread of its own.")
    var jobs = 1

    @Flag(help: "One line per seed.")
    var verbose = false

    func validate() throws {
        guard steps > 0, jobs > 0 else { throw ValidationError("--steps and --jobs are at least 1") }
    }

    func run() async throws {
        // The order of sets and dictionaries is part of what a seed must repeat.
        if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
            setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
            var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
            execv("/proc/self/exe", &arguments)
        }
        var progress = Progress(goal: steps, isVerbose: verbose)
        let failed = await withTaskGroup(of: SeedRun.self) { group in
            var next = seed
            for _ in 0..<jobs {
                let seed = next
                group.addTask { SeedRun(seed) }
                next += 1
            }
            var failed: SeedRun?
            while let run = await group.next() {
                progress.add(run)
                if run.failure != nil, failed.map({ run.seed < $0.seed }) ?? true { failed = run }
                guard failed == nil, !progress.isDone else { continue }
                let seed = next
                group.addTask { SeedRun(seed) }
                next += 1
            }
            return failed
        }
        progress.finish()
        guard let failed, let failure = failed.failure else { return }
        for line in failed.tail { print(line) }
        print("seed \(failed.seed) fails: \(failure)")
        print("reproduce: make simulate SEED=\(failed.seed) STEPS=1")
        throw ExitCode.failure
    }
}

/// One seed from beginning to end.
struct SeedRun: Sendable {
    let seed: UInt64
    let report: SimulationReport
    let failure: SimulationFailure?
    let tail: [String]

    init(_ seed: UInt64) {
        self.seed = seed
        var simulation = Simulation(seed: seed)
        do throws(SimulationFailure) {
            try simulation.run()
            failure = nil
        } catch {
            failure = error
        }
        report = simulation.report
        tail = failure == nil ? [] : simulation.tail
    }
}
