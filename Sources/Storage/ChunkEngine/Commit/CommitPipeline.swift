// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Synchronization

/// The one way metadata changes: requests queue up, whoever finds no leader makes a worker the leader, and the leader
/// commits group after group until the queue is empty.
///
/// While one group is being synced the next one collects, so the number of syncs follows the drive's speed and not the
/// number of writers.
final class CommitPipeline: Sendable {
    private struct State {
        /// Oldest first.
        var queue: [CommitWork] = []
        var isLed = false
        var isClosed = false
        /// Resumed when the last leader leaves after `close`.
        var closing: UnsafeContinuation<Void, Never>?
    }

    private let engine: EngineParts
    private let state = Mutex(State())
    private let group: CommitGroup

    init(_ engine: EngineParts) {
        self.engine = engine
        group = CommitGroup(engine)
    }

    /// Groups committed since the start.
    var committedCount: UInt64 { group.committedCount.load(ordering: .relaxed) }

    /// Queues a request and returns when it is durable or refused.
    ///
    /// - Parameters:
    ///   - isUrgent: not subject to the queue's limit: for those who make room, or wait for each request before the next.
    ///   - isCharged: refused when there is no room for its records.
    func commit<Value: Sendable>(
        _ contents: [StagedContent],
        isUrgent: Bool = false,
        isCharged: Bool = false,
        _ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withUnsafeContinuation { continuation in
            let refusal = enqueue(CommitRequest(contents, isCharged: isCharged, body, continuation), isUrgent: isUrgent)
            guard let refusal else { return }
            for content in contents { discard(content) }
            continuation.resume(returning: .failure(refusal))
        }
        return try result.get()
    }

    /// Queues a change nobody waits for, whatever the queue's limit; lost when the engine refuses it.
    func commitEventually(_ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Void) {
        _ = enqueue(CommitRequest([], body, nil), isUrgent: true)
    }

    /// Whether the engine and the queue take one more request.
    private func enqueue(_ work: CommitWork, isUrgent: Bool = false) -> StoreError? {
        if let refusal = engine.health.refusal { return refusal }
        let limit = engine.configuration.commitQueueCountMax
        let (refusal, leads) = state.withLock { state -> (StoreError?, Bool) in
            if state.isClosed { return (StoreError(.unavailable, "the store is shutting down"), false) }
            if state.queue.count >= limit, !isUrgent { return (StoreError(.slowDown), false) }
            state.queue.append(work)
            defer { state.isLed = true }
            return (nil, !state.isLed)
        }
        if leads { engine.workers.submit { self.lead() } }
        return refusal
    }

    /// Gives back a content that nobody will adopt. Not subject to the queue's limit: it makes room.
    func discard(_ content: StagedContent) {
        content.releaseHolds()
        guard case .recipe(let recipe) = content.body, let id = recipe.id else { return }
        _ = enqueue(
            CommitRequest([], { transaction throws(StoreError) in transaction.giveUp(id) }, nil),
            isUrgent: true
        )
    }

    private func lead() {
        while let works = next() {
            var rest = works[...]
            // A group may end early because of its bytes; what is left opens the next one.
            while !rest.isEmpty { rest = rest.dropFirst(group.commit(rest)) }
        }
    }

    /// The oldest requests; nil when the queue is empty, and then nobody leads.
    private func next() -> [CommitWork]? {
        let limit = engine.configuration.commitGroupCountMax
        let (works, closing) = state.withLock { state -> ([CommitWork]?, UnsafeContinuation<Void, Never>?) in
            guard !state.queue.isEmpty else {
                state.isLed = false
                defer { state.closing = nil }
                return (nil, state.closing)
            }
            if state.queue.count <= limit {
                let all = state.queue
                state.queue = []
                return (all, nil)
            }
            let first = [CommitWork](state.queue.prefix(limit))
            state.queue.removeFirst(limit)
            return (first, nil)
        }
        closing?.resume()
        return works
    }

    /// Refuses what comes and returns when everything queued is done.
    func close() async {
        await withUnsafeContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.isLed { state.closing = continuation }
                return !state.isLed
            }
            if isIdle { continuation.resume() }
        }
    }
}
