// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Glibc
import Synchronization
import Testing

@Suite struct `Workers` {
    private func niceValue(_ workers: WorkerPool, _ work: WorkerPool.Work) async -> Int32 {
        await workers.run(work) { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
    }

    @Test func `go in the order of who waits for them`() async {
        let workers = WorkerPool(threadCount: 1, computingThreadCount: 1, maintenanceThreadCount: 1)
        let waiting = await niceValue(workers, .waiting)
        let computing = await niceValue(workers, .computing)
        #expect(waiting < computing)
        #expect(await computing < niceValue(workers, .maintenance))
        await workers.shutdown()
    }

    @Test func `that do everything are not slowed down by what they began with`() async {
        let workers = WorkerPool(threadCount: 1)
        let first = await niceValue(workers, .maintenance)
        #expect(await niceValue(workers, .waiting) == first)
        let others = WorkerPool(threadCount: 1)
        #expect(await niceValue(others, .waiting) == first)
        await workers.shutdown()
        await others.shutdown()
    }

    /// Work that takes long for one kind keeps no other waiting.
    @Test(.timeLimit(.minutes(1))) func `of different kinds do not wait for each other`() async {
        let workers = WorkerPool(threadCount: 1, computingThreadCount: 1, maintenanceThreadCount: 1)
        await withTaskGroup { group in
            let isOver = Flag()
            for work in [WorkerPool.Work.computing, .maintenance] {
                group.addTask {
                    await workers.run(work) { while !isOver.isSet.load(ordering: .relaxed) { usleep(1_000) } }
                }
            }
            await workers.run(.waiting) {}
            isOver.isSet.store(true, ordering: .relaxed)
        }
        await workers.shutdown()
    }
}
