// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The meeting point of one job and the one task that waits for it, in either order.
///
/// It stands in for an unstructured task: the job runs while its owner does something else.
final class PendingResult<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(UnsafeContinuation<Value, Never>)
        case done(Value)
        case taken
    }

    private let state = Mutex(State.running)

    /// Once, by the job.
    func fulfill(_ value: Value) {
        let continuation = state.withLock { state -> UnsafeContinuation<Value, Never>? in
            switch state {
            case .running:
                state = .done(value)
                return nil
            case .awaited(let continuation):
                state = .taken
                return continuation
            case .done, .taken:
                preconditionFailure("a job ends once")
            }
        }
        continuation?.resume(returning: value)
    }

    /// Once, by the owner.
    func value() async -> Value {
        await withUnsafeContinuation { continuation in
            let ready = state.withLock { state -> Value? in
                switch state {
                case .running:
                    state = .awaited(continuation)
                    return nil
                case .done(let value):
                    state = .taken
                    return value
                case .awaited, .taken:
                    preconditionFailure("a job has one owner")
                }
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}
