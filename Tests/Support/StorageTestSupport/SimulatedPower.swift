// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a simulated device answers instead of doing its work.
package enum SimulatedFault: Sendable, Hashable {
    case ioFailure, noSpace
}

/// How much of what was not synced outlives a loss of power.
package enum PowerLossMode: Sendable, Hashable, CaseIterable {
    /// Nothing: the strictest drive.
    case dropUnsynced
    /// Everything: the process was killed and the machine went on.
    case keepUnsynced
    /// By seed, each write is lost, kept or torn at 512 bytes, and each change of a directory lost or kept.
    case random
}

/// The mains of a simulated machine: one count of operations and one plan of faults for its disk and its metadata.
///
/// An operation is what changes or syncs something: create, write, truncate, deallocate, sync, rename, remove, make directory, sync
/// directory, commit. They count from 1. Reads, look-ups and opening an existing file are none.
package final class SimulatedPower: Sendable {
    /// How an operation must end.
    enum Outcome: Equatable {
        case success
        case failure(SimulatedFault)
        /// The power goes while it is under way: half of it may have happened.
        case interrupted
        /// The power was off before.
        case off
    }

    private struct State: Sendable {
        var operationCount = 0
        var crashOperation: Int?
        var faults: [Int: SimulatedFault] = [:]
        var readCount = 0
        var failingReads: Set<Int> = []
        var readFlipInterval: Int?
        var isOff = false
        var generator: SeededGenerator
    }

    private let state: Mutex<State>

    package init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// Operations begun so far.
    package var operationCount: Int { state.withLock { $0.operationCount } }
    /// File reads begun so far.
    package var readCount: Int { state.withLock { $0.readCount } }

    package var isOff: Bool { state.withLock { $0.isOff } }

    /// Cuts the power in the middle of the `operation`-th operation; it throws, and so does all that comes after.
    package func crashAfter(operation: Int) {
        state.withLock { $0.crashOperation = operation }
    }

    /// Cuts the power now.
    package func cut() {
        state.withLock { $0.isOff = true }
    }

    /// Makes the `operation`-th operation fail once.
    package func fail(operation: Int, with fault: SimulatedFault) {
        state.withLock { $0.faults[operation] = fault }
    }

    /// Makes the operation after the next `count` ones fail.
    package func failNext(after count: Int = 0, with fault: SimulatedFault) {
        state.withLock { $0.faults[$0.operationCount + count + 1] = fault }
    }

    /// Makes the file read after the next `count` ones fail.
    package func failNextRead(after count: Int = 0) {
        state.withLock { _ = $0.failingReads.insert($0.readCount + count + 1) }
    }

    /// Turns over one bit in about one of `interval` file reads, on the way only: the disk keeps its content. Nil: never.
    package func flipReads(oneIn interval: Int?) {
        state.withLock { $0.readFlipInterval = interval }
    }

    func begin() -> Outcome {
        state.withLock { state in
            if state.isOff { return .off }
            state.operationCount += 1
            if state.operationCount == state.crashOperation {
                state.isOff = true
                return .interrupted
            }
            return state.faults[state.operationCount].map { .failure($0) } ?? .success
        }
    }

    func beginRead() -> Outcome {
        state.withLock { state in
            if state.isOff { return .off }
            state.readCount += 1
            return state.failingReads.contains(state.readCount) ? .failure(.ioFailure) : .success
        }
    }

    /// The bit of a read of `byteCount` bytes that arrives wrong, if any.
    func flippedBit(byteCount: Int) -> Int? {
        state.withLock { state in
            guard let interval = state.readFlipInterval, byteCount > 0 else { return nil }
            guard state.generator.below(interval) == 0 else { return nil }
            return state.generator.below(byteCount * 8)
        }
    }

    /// A generator of its own, so that a user can draw without the lock.
    func fork() -> SeededGenerator {
        state.withLock { SeededGenerator(seed: $0.generator.next()) }
    }
}
