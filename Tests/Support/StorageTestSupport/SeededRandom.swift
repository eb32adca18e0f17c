// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers. Safe from any thread.
package final class SeededRandom: RandomSource {
    private let state: Atomic<UInt64>

    package init(seed: UInt64) {
        state = Atomic(seed)
    }

    package func next() -> UInt64 {
        SplitMix64.mix(state.wrappingAdd(SplitMix64.gamma, ordering: .relaxed).newValue)
    }
}

/// The two halves of SplitMix64: a counter and a scrambler.
enum SplitMix64 {
    static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The same generator as a value, for simulations and for the standard library's `random(in:using:)`.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= SplitMix64.gamma
        return SplitMix64.mix(state)
    }

    /// A number in `0..<bound`.
    package mutating func below(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self)
    }

    package mutating func coin() -> Bool {
        next() & 1 == 1
    }
}
