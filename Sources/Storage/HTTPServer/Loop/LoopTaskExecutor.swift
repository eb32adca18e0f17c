// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Runs tasks on an event loop, so that a service's code and its connection need no thread hop between them.
///
/// Unchecked because `jobs` and `isScheduled` are only touched on the loop.
final class LoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    let eventLoop: any EventLoop
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var isScheduled = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard eventLoop.inEventLoop else {
            eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
            return
        }
        // One pass through the loop's queue for all jobs that become ready together.
        jobs.append(job)
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.execute { self.runJobs() }
    }

    private func runJobs() {
        isScheduled = false
        swap(&jobs, &running)
        for job in running { job.runSynchronously(on: asUnownedTaskExecutor()) }
        running.removeAll(keepingCapacity: true)
    }
}
