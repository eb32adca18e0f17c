// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTestSupport
import Synchronization

/// Runs all jobs of a simulation one at a time on the thread that calls `run`, in an order that the seed decides.
///
/// A job is a piece of a task between two suspensions, or a piece of work that the engine gave to a worker. Time is the
/// number of jobs begun: it passes as fast as they do, and jumps when everybody sleeps.
final class SimulationScheduler: TaskExecutor {
    private enum Job: Sendable {
        case task(UnownedJob)
        case work(@Sendable () -> Void)
    }

    private struct State: Sendable {
        var generator: SeededGenerator
        var ready: [Job] = []
        /// Sorted by the time to wake at, latest first.
        var sleepers: [(wake: Int, continuation: UnsafeContinuation<Void, Never>)] = []
        var time = 0
        /// Jobs interrupted in favour of others.
        var depth = 0
    }

    /// Beyond it something runs in circles.
    private static let timeMax = 50_000_000
    private static let depthMax = 3
    /// What a job waits at most in a leap of time.
    private static let interruptionMax = 500

    private let state: Mutex<State>
    /// Tasks mostly go first, so that work piles up: then many wait for one commit.
    private let hasSlowWorkers: Bool

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        hasSlowWorkers = generator.coin()
        state = Mutex(State(generator: generator))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(.task(job)) }
    }

    /// Queues work as a thread pool does.
    func submit(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.ready.append(.work(work)) }
    }

    /// Lets at least `count` jobs begin before the caller goes on.
    func sleep(_ count: Int) async {
        await withUnsafeContinuation { continuation in
            state.withLock { state in
                let wake = state.time + count
                let index = state.sleepers.firstIndex { $0.wake < wake } ?? state.sleepers.count
                state.sleepers.insert((wake, continuation), at: index)
            }
        }
    }

    /// Runs `body` and all that it starts.
    ///
    /// - Parameter betweenJobs: called when no job is under way.
    /// - Returns: nil when nothing could go on and `body` had not ended: a deadlock, or a loop without end.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Value,
        betweenJobs: () -> Void = {}
    ) -> Value? {
        let result = Result<Value>()
        Task(executorPreference: self) {
            let value = await body()
            result.value.withLock { $0 = value }
        }
        while step() { betweenJobs() }
        return result.value.withLock { $0 }
    }

    /// Perhaps lets a few other jobs run here and now, while the caller's job stands still: what threads do to each other
    /// at the least convenient moment. The caller must hold no lock.
    ///
    /// - Parameters:
    ///   - odds: one time in so many.
    ///   - countMax: jobs that run meanwhile.
    func interrupt(oneIn odds: Int, countMax: Int) {
        let count = state.withLock { state in
            guard state.depth < Self.depthMax, state.generator.chance(1, in: odds) else { return 0 }
            state.depth += 1
            return 1 + state.generator.below(countMax)
        }
        guard count > 0 else { return }
        for _ in 0..<count where !step() { break }
        state.withLock { $0.depth -= 1 }
    }

    /// Runs one job; false when there is none.
    private func step() -> Bool {
        wakeSleepers()
        let job = state.withLock { state -> Job? in
            guard !state.ready.isEmpty, state.time < Self.timeMax else { return nil }
            state.time += 1
            state.ready.swapAt(pick(&state), state.ready.count - 1)
            return state.ready.removeLast()
        }
        switch job {
        case nil: return false
        case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .work(let work): work()
        }
        return true
    }

    private func pick(_ state: inout State) -> Int {
        var index = state.generator.below(state.ready.count)
        guard hasSlowWorkers else { return index }
        for _ in 0..<8 {
            guard case .work = state.ready[index] else { break }
            index = state.generator.below(state.ready.count)
        }
        return index
    }

    private func wakeSleepers() {
        let woken = state.withLock { state in
            // Not far while a job stands still: it is awake, and nobody should sleep as long as it may take.
            let leapMax = state.depth == 0 ? Int.max : Self.interruptionMax
            if state.ready.isEmpty, let next = state.sleepers.last, next.wake - state.time <= leapMax {
                state.time = max(state.time, next.wake)
            }
            var woken: [UnsafeContinuation<Void, Never>] = []
            while let next = state.sleepers.last, next.wake <= state.time {
                woken.append(next.continuation)
                state.sleepers.removeLast()
            }
            return woken
        }
        for continuation in woken { continuation.resume() }
    }

    /// Where a task leaves its value for somebody who is no task.
    private final class Result<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}

extension SeededGenerator {
    mutating func chance(_ count: Int, in total: Int) -> Bool {
        below(total) < count
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
