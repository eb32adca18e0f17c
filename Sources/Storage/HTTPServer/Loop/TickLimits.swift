// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The time limits of a configuration, counted in sweeps: a limit holds for at least its time and at most one sweep
/// more.
struct TickLimits {
    let interval: TimeAmount
    let header: Int
    let idle: Int
    let body: Int
    let write: Int
    let linger: Int

    init(_ configuration: HTTPServerConfiguration) {
        let limits = [
            configuration.headerTimeout, configuration.idleTimeout, configuration.bodyTimeout,
            configuration.writeTimeout, configuration.lingerTimeout,
        ]
        let shortest = limits.min() ?? .seconds(10)
        let sweep = min(max(shortest / 4, .milliseconds(20)), .milliseconds(2_500))
        // The tick that is under way counts for nothing, hence one more.
        func ticks(_ limit: Duration) -> Int { Int((limit / sweep).rounded(.up)) + 1 }
        interval = TimeAmount(sweep)
        header = ticks(configuration.headerTimeout)
        idle = ticks(configuration.idleTimeout)
        body = ticks(configuration.bodyTimeout)
        write = ticks(configuration.writeTimeout)
        linger = ticks(configuration.lingerTimeout)
    }
}
