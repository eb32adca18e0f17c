// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import NIOPosix

/// Runs blocking work off the event loops.
package struct WorkerPool: Sendable {
    /// What a piece of work spends its time with.
    package enum Work: Sendable {
        /// Waiting for the drive, or little: reads, look-ups, commits.
        case waiting
        /// The hashing of uploads, which can take every processor for as long as they come.
        case computing
        /// What reads everything, and no request waits for: checks, scrubs, counts, recompression.
        case maintenance

        /// Who waits goes before who computes, what nobody waits for comes last, and event loops go before all of them.
        fileprivate var niceValue: Int32 {
            switch self {
            case .waiting: 3
            case .computing: 10
            case .maintenance: 19
            }
        }
    }

    private struct Threads: Sendable {
        let waiting: NIOThreadPool
        /// Nil where the threads that wait do all.
        let computing: NIOThreadPool?
        let maintenance: NIOThreadPool?

        subscript(work: Work) -> (pool: NIOThreadPool, niceValue: Int32) {
            let own: NIOThreadPool? =
                switch work {
                case .waiting: nil
                case .computing: computing
                case .maintenance: maintenance
                }
            return own.map { ($0, work.niceValue) } ?? (waiting, Work.waiting.niceValue)
        }
    }

    private enum Kind: Sendable {
        case threads(Threads)
        case inline
        case scheduled(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    private let kind: Kind

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - computingThreadCount: One more than processors is right: it fills the time when another waits for the drive, and more
    ///     would only take turns. Nil lets the threads that wait do it.
    ///   - maintenanceThreadCount: As many as there may be walks at once. Nil lets the threads that wait do it.
    package init(threadCount: Int, computingThreadCount: Int? = nil, maintenanceThreadCount: Int? = nil) {
        kind = .threads(
            Threads(
                waiting: Self.started(threadCount),
                computing: computingThreadCount.map(Self.started),
                maintenance: maintenanceThreadCount.map(Self.started)
            )
        )
    }

    private static func started(_ threadCount: Int) -> NIOThreadPool {
        let threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
        return threads
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
        _ work: Work = .waiting,
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if case .inline = kind { return try body() }
        let result: Result<Value, Failure> = await withUnsafeContinuation { continuation in
            submit(work) {
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
    func submit(_ work: Work = .waiting, _ body: @escaping @Sendable () -> Void) {
        switch kind {
        // After shutdown the pool calls back at once, as cancelled: the work still has to be done, somebody waits for it.
        case .threads(let threads):
            let (pool, niceValue) = threads[work]
            pool.submit { _ in
                drydock_thread_give_way(niceValue)
                body()
            }
        case .inline: body()
        case .scheduled(let submit): submit(body)
        }
    }

    /// Stops the threads once the queue is empty. The last call.
    package func shutdown() async {
        guard case .threads(let threads) = kind else { return }
        for threads in [threads.maintenance, threads.computing, threads.waiting].compactMap(\.self) {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                threads.shutdownGracefully { _ in continuation.resume() }
            }
        }
    }
}
