// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Synchronization

/// Workers that do their work in place, or keep it while a test holds them.
final class HeldWorkers: Sendable {
    private struct State {
        var isHeld = false
        var jobs: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    var pool: WorkerPool { WorkerPool { self.submit($0) } }

    func hold() {
        state.withLock { $0.isHeld = true }
    }

    /// What is held already stays so.
    func holdNoMore() {
        state.withLock { $0.isHeld = false }
    }

    var holdsAny: Bool { state.withLock { !$0.jobs.isEmpty } }

    func release() {
        let jobs = state.withLock { state in
            defer { state = State() }
            return state.jobs
        }
        for job in jobs { job() }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let isHeld = state.withLock { state in
            if state.isHeld { state.jobs.append(job) }
            return state.isHeld
        }
        if !isHeld { job() }
    }
}
