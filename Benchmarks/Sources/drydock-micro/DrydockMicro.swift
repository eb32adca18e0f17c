// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BenchmarkDoor
import Glibc

@main
struct DrydockMicro: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drydock-micro",
        abstract: "Times the parts: hashers, formats, metadata.",
        discussion: "Example: drydock-micro --filter SHA"
    )

    @Option(help: "Only suites whose name holds this.") var filter = ""
    @Option(help: "Runs per suite; the median counts.") var rounds = 5
    @Option(help: "Seconds per run, about.") var seconds = 0.2

    func run() throws {
        var template = Array("/tmp/drydock-micro-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ValidationError("can't make a directory below /tmp") }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for suite in MicroBenchmark.all(directory: directory) where filter.isEmpty || suite.name.contains(filter) {
            measure(suite)
        }
    }

    private func measure(_ suite: MicroBenchmark) {
        var iterations = 1
        while time(suite, iterations) < seconds { iterations *= 2 }
        let times = (0..<rounds).map { _ in time(suite, iterations) }.sorted()
        let median = times[times.count / 2]
        let rate = Double(iterations * suite.unitsPerIteration) / median
        let spread = (times[times.count - 1] - times[0]) / median * 100
        print(
            "\(suite.name): \(Self.short(rate)) \(suite.unit)/s, \(Self.short(median / Double(iterations) * 1e9)) ns each, spread \(Int(spread)) %"
        )
    }

    private func time(_ suite: MicroBenchmark, _ iterations: Int) -> Double {
        var start = timespec()
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &start)
        // The sum decides nothing, but the optimizer can't know.
        if suite.run(iterations) == .max { print("") }
        clock_gettime(CLOCK_MONOTONIC, &end)
        return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
    }

    private static func short(_ value: Double) -> String {
        switch value {
        case 1e9...: "\((value / 1e7).rounded() / 100) G"
        case 1e6...: "\((value / 1e4).rounded() / 100) M"
        case 1e3...: "\((value / 10).rounded() / 100) k"
        default: "\((value * 100).rounded() / 100)"
        }
    }
}
