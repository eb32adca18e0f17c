// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import Synchronization

/// One fair lock per name: waiters get it in the order they came, none of them occupies a thread.
///
/// A waiter is not cancellable: what is done under these locks is short and must run to its end.
final class KeyedLock: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>

    /// At this length of a queue a caller is told to come back later.
    private let waiterCountMax: Int
    /// A name that is here is held; its waiters in order of arrival.
    private let queues = Mutex<[String: [Waiter]]>([:])

    init(waiterCountMax: Int = 1_024) {
        self.waiterCountMax = waiterCountMax
    }

    /// - Throws: `tooManyRequests` when the queue is full, else what `body` throws.
    func withLock<Value>(
        _ name: String,
        _ body: () async throws(RegistryError) -> Value
    ) async throws(RegistryError) -> Value {
        try await acquire(name)
        defer { release(name) }
        return try await body()
    }

    private enum Attempt { case held, queued, refused }

    private func acquire(_ name: String) async throws(RegistryError) {
        var isRefused = false
        await withCheckedContinuation { (continuation: Waiter) in
            let attempt = queues.withLock { queues -> Attempt in
                guard let queue = queues[name] else {
                    queues[name] = []
                    return .held
                }
                guard queue.count < waiterCountMax else { return .refused }
                queues[name, default: []].append(continuation)
                return .queued
            }
            switch attempt {
            case .held:
                continuation.resume()
            case .queued:
                break
            case .refused:
                isRefused = true
                continuation.resume()
            }
        }
        if isRefused { throw RegistryError(.tooManyRequests, "too many changes wait for one repository") }
    }

    /// Hands the lock to the next waiter, or forgets the name.
    private func release(_ name: String) {
        let next = queues.withLock { queues -> Waiter? in
            guard let queue = queues[name], !queue.isEmpty else {
                queues[name] = nil
                return nil
            }
            return queues[name]?.removeFirst()
        }
        next?.resume()
    }
}
