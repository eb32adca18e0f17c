// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Plain threads, because the generator must not share a pool with anything.
enum Threads {
    private final class Job {
        let worker: Worker
        var result = Measurement()

        init(_ worker: Worker) { self.worker = worker }
    }

    /// Runs each worker on a thread of its own and adds up what they measured.
    static func run(_ workers: [Worker]) -> Measurement {
        var threads: [(pthread_t, Job)] = []
        for worker in workers {
            let job = Job(worker)
            var handle = pthread_t()
            let context = Unmanaged.passRetained(job).toOpaque()
            let result = pthread_create(
                &handle,
                nil,
                { context in
                    guard let context else { return nil }
                    let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                    job.result = job.worker.run()
                    return nil
                },
                context
            )
            precondition(result == 0, "a thread can be made")
            threads.append((handle, job))
        }
        var total = Measurement()
        for (handle, job) in threads {
            pthread_join(handle, nil)
            total.merge(job.result)
        }
        return total
    }

    /// One body for all requests that need not differ; lives as long as the process.
    static func sharedBody(_ byteCount: Int) -> UnsafeRawBufferPointer {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, byteCount), alignment: 8)
        var generator = SplitMix(state: 42)
        for index in 0..<byteCount { buffer[index] = UInt8(truncatingIfNeeded: generator.next()) }
        return UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])
    }
}
