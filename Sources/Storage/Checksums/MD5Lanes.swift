// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hashes the MD5 streams of many connections together, up to 16 at the cost of two.
///
/// A single MD5 can't be made faster: each step needs the one before. But blocks of different streams can share the
/// vector registers. Streams meet here: ``submit(_:_:owner:)`` queues a run of bytes and returns at once;
/// ``join(_:)`` returns the hasher with those bytes in it. There is no thread of its own. Whoever joins first becomes
/// the *runner*: it takes its own job and up to 15 others that are queued, joined or not, and advances them in
/// lockstep until its own is done; jobs that arrive meanwhile fill free lanes every 16 KiB. What is unfinished then goes
/// back to the queue where it stopped, and a thread that waits for such a job is woken to run the rest. So:
///
/// - a stream without company runs on its own thread at scalar speed, and nobody ever waits for company;
/// - the later a job is joined, the likelier another thread's round did it on the way. A stream should join a block only when two
///   more have come: as all others then have something left for as long as a round takes, no lane runs empty;
/// - a joining thread waits only while a runner has, or is about to have, a lane for its job; otherwise it becomes one
///   more runner.
///
/// Thread-safe. `join` blocks its thread, for about the time its own bytes take, so never on an event loop.
/// Work in the queue is bounded by what its users have submitted and not joined.
package final class MD5Lanes: Sendable {
    fileprivate struct State {
        /// Oldest first.
        var queue: [MD5Job] = []
        var runnerCount = 0
        /// Jobs in the lanes of all runners.
        var runningCount = 0
        /// Jobs in `queue` that somebody sleeps for.
        var awaitedCount = 0
    }

    package let kernel: MD5LaneKernel
    private let state = Mutex(State())

    /// 16 KiB per lane: 30 µs, the longest that a newcomer waits for a free lane.
    private static let sliceBlockCountMax = 256

    /// - Parameter kernel: Must be available on this CPU.
    package init(kernel: MD5LaneKernel = .best) {
        precondition(kernel.isAvailable)
        self.kernel = kernel
    }

    /// Queues `bytes` as the next of the stream that `hasher` stands for. Does not block.
    /// - Parameter owner: Retained by the job; as long as it lives, `bytes` must stay valid and unchanged.
    package func submit(_ hasher: MD5, _ bytes: UnsafeRawBufferPointer, owner: AnyObject) -> MD5Job {
        let job = MD5Job(bytes, owner: owner)
        job.start(hasher)
        state.withLock { $0.enqueue(job) }
        return job
    }

    /// Queues `bytes` as the next of a stream whose last run of bytes is `previous`, which may be joined already. Does not block.
    package func submit(after previous: MD5Job, _ bytes: UnsafeRawBufferPointer, owner: AnyObject) -> MD5Job {
        let job = MD5Job(bytes, owner: owner)
        state.withLock { state in
            if previous.phase == .done {
                job.start(previous.result())
                state.enqueue(job)
            } else {
                previous.successor = job
            }
        }
        return job
    }

    /// Waits for the job, or works on it, and returns its hasher with all its bytes taken in. Once per job, and in their order for
    /// the jobs of a stream.
    package func join(_ job: MD5Job) -> MD5 {
        if becomesRunner(for: job) { run(until: job) }
        return job.result()
    }

    /// Takes back a job that will not be joined. Does not block: a runner that has it just now lets go of it soon.
    package func cancel(_ job: MD5Job) {
        state.withLock { state in
            job.isCancelled = true
            if job.phase == .queued { state.queue.removeAll { $0 === job } }
        }
    }

    /// Returns true when the caller must run the job, false when it is done; sleeps until one of them is so.
    private func becomesRunner(for job: MD5Job) -> Bool {
        let waiter = state.withLock { state -> MD5Waiter? in
            precondition(job.phase != .waiting, "the job before is joined first")
            if job.phase == .done { return nil }
            if job.phase == .queued {
                let freeCount = state.runnerCount * kernel.laneCount - state.runningCount - state.awaitedCount
                if freeCount <= 0 {
                    state.runnerCount += 1
                    state.take(job)
                    return nil
                }
                state.awaitedCount += 1
            }
            let waiter = MD5Waiter()
            job.waiter = waiter
            return waiter
        }
        waiter?.wait()
        // Whoever woke us has set the phase under the lock: done, or running with us as the new runner.
        return state.withLock { _ in job.phase != .done }
    }

    private func run(until own: MD5Job) {
        var lanes = [own]
        while true {
            let isFinished = state.withLock { state in
                for job in lanes where job.blocksLeft == 0 { state.finish(job) }
                lanes.removeAll { $0.phase == .done }
                if own.phase == .done {
                    state.handOver(lanes)
                    return true
                }
                while lanes.count < kernel.laneCount, let job = state.takeNext() { lanes.append(job) }
                return false
            }
            if isFinished { return }
            // With all lanes taken no newcomer could get in, so there is nothing to look for before one is done. Not
            // only a saving: dozens of threads in the lock every 30 µs halved the throughput of the scalar kernel.
            let sliceMax = lanes.count == kernel.laneCount ? Int.max : Self.sliceBlockCountMax
            let shortest = lanes.reduce(sliceMax) { min($0, $1.blocksLeft) }
            kernel.advance(lanes, blockCount: shortest)
        }
    }
}

extension MD5Lanes.State {
    /// Takes a job that has started.
    fileprivate mutating func enqueue(_ job: MD5Job) {
        if job.blocksLeft == 0 {
            end(job)
        } else {
            job.phase = .queued
            queue.append(job)
        }
    }

    /// Nothing is left to do, so the stream's next job can start.
    private mutating func end(_ job: MD5Job) {
        job.phase = .done
        guard let successor = job.successor, !successor.isCancelled else { return }
        job.successor = nil
        successor.start(job.result())
        enqueue(successor)
    }

    fileprivate mutating func take(_ job: MD5Job) {
        guard let index = queue.firstIndex(where: { $0 === job }) else { preconditionFailure("not queued") }
        start(at: index)
    }

    /// The oldest job that somebody sleeps for, else the oldest.
    fileprivate mutating func takeNext() -> MD5Job? {
        guard !queue.isEmpty else { return nil }
        let index = awaitedCount == 0 ? 0 : queue.firstIndex { $0.waiter != nil } ?? 0
        return start(at: index)
    }

    @discardableResult
    private mutating func start(at index: Int) -> MD5Job {
        let job = queue.remove(at: index)
        if job.waiter != nil { awaitedCount -= 1 }
        job.phase = .running
        runningCount += 1
        return job
    }

    fileprivate mutating func finish(_ job: MD5Job) {
        end(job)
        runningCount -= 1
        job.waiter?.wake()
        job.waiter = nil
    }

    /// Ends a runner that leaves `rest` unfinished; one sleeper, if there is any, goes on in its place.
    fileprivate mutating func handOver(_ rest: [MD5Job]) {
        runningCount -= rest.count
        let unfinished = rest.filter { !$0.isCancelled }
        for job in unfinished {
            job.phase = .queued
            if job.waiter != nil { awaitedCount += 1 }
        }
        queue.insert(contentsOf: unfinished, at: 0)
        runnerCount -= 1
        guard awaitedCount > 0, let index = queue.firstIndex(where: { $0.waiter != nil }) else { return }
        let successor = start(at: index)
        runnerCount += 1
        successor.waiter?.wake()
        successor.waiter = nil
    }
}
