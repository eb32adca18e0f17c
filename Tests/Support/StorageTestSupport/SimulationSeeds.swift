// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which seeds a randomised test runs: a few in CI, those that `make simulate` asks for otherwise.
package enum SimulationSeeds {
    /// - Parameter count: without `DRYDOCK_SIMULATION_SEED` and `DRYDOCK_SIMULATION_COUNT`, the seeds 1 to `count`.
    package static func range(count: UInt64) -> Range<UInt64> {
        guard let first = number("DRYDOCK_SIMULATION_SEED") else { return 1..<1 + count }
        return first..<first &+ max(1, number("DRYDOCK_SIMULATION_COUNT") ?? count)
    }

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
