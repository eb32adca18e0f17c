// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import NIOPosix

/// Runs blocking work off the event loops.
package struct WorkerPool: Sendable {
    private enum Kind: Sendable {
        case threads(NIOThreadPool)
        case inline
        case scheduled(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    private let kind: Kind

    /// Starts the threads. MD5 lanes fill up with as many streams as there are threads, so a few more than processors
    /// is right.
    package init(threadCount: Int) {
        let threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
        kind = .threads(threads)
    }

    /// Hands each piece of work to `submit`, which runs it once, now or later: for simulations, where a seed decides the
    /// order.
    package init(submit: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void) {
        kind = .scheduled(submit)
    }

    private init() {
        kind = .inline
    }

    /// Runs work on the caller's thread: for tests of one thing after the other.
    package static let inline = WorkerPool()

    /// Runs `body` on a worker and resumes the caller on its own executor. Not cancellable: what was begun ends.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if case .inline = kind { return try body() }
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
        switch kind {
        // After shutdown the pool calls back at once, as cancelled: the work still has to be done, somebody waits for it.
        case .threads(let threads):
            threads.submit { _ in
                drydock_thread_give_way()
                body()
            }
        case .inline: body()
        case .scheduled(let submit): submit(body)
        }
    }

    /// Stops the threads once the queue is empty. The last call.
    package func shutdown() async {
        guard case .threads(let threads) = kind else { return }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            threads.shutdownGracefully { _ in continuation.resume() }
        }
    }
}
