// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// Runs blocking work off the event loops.
package struct WorkerPool: Sendable {
    /// Nil runs everything in place.
    private let threads: NIOThreadPool?

    /// Starts the threads. MD5 lanes fill up with as many streams as there are threads, so a few more than processors
    /// is right.
    package init(threadCount: Int) {
        let threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
        self.threads = threads
    }

    private init() {
        threads = nil
    }

    /// Runs work on the caller's thread: for simulations, where the order of operations must repeat.
    package static let inline = WorkerPool()

    /// Runs `body` on a worker and resumes the caller on its own executor. Not cancellable: what was begun ends.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard threads != nil else { return try body() }
        let result: Result<Value, Failure> = await withUnsafeContinuation { continuation in
            submit {
                let result: Result<Value, Failure>
                do throws(Failure) {
                    result = .success(try body())
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Queues `body` without waiting for it.
    func submit(_ body: @escaping @Sendable () -> Void) {
        guard let threads else { return body() }
        // After shutdown the pool calls back at once, as cancelled: the work still has to be done, somebody waits for it.
        threads.submit { _ in body() }
    }

    /// Stops the threads once the queue is empty. The last call.
    package func shutdown() async {
        guard let threads else { return }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            threads.shutdownGracefully { _ in continuation.resume() }
        }
    }
}
