// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// One request waiting for its commit group.
///
/// `body` runs on the leader; the outcome is set there and read there.
class CommitWork: @unchecked Sendable {  // Handed from the caller to the leader through the queue's lock.
    /// Given back when the request does not adopt them.
    let contents: [StagedContent]

    init(_ contents: [StagedContent]) {
        self.contents = contents
    }

    /// Runs the request; says whether its changes are to be kept.
    func evaluate(_ transaction: inout CommitTransaction) -> Bool {
        preconditionFailure("overridden")
    }

    /// Resumes the caller.
    ///
    /// - Parameter failure: why the group is not durable, nil when it is. It outweighs an error of the request's own, which may
    ///   be due to a change of the same group that nobody will ever see.
    func finish(_ failure: StoreError?) {
        preconditionFailure("overridden")
    }
}

final class CommitRequest<Value: Sendable>: CommitWork, @unchecked Sendable {  // As its superclass.
    private let isCharged: Bool
    private let body: @Sendable (inout CommitTransaction) throws(StoreError) -> Value
    private let continuation: UnsafeContinuation<Result<Value, StoreError>, Never>?
    private var outcome: Result<Value, StoreError>?

    /// - Parameters:
    ///   - isCharged: false for the engine's own work, which has to go on when there is no room for anything else.
    ///   - continuation: nil when nobody waits.
    init(
        _ contents: [StagedContent],
        isCharged: Bool = false,
        _ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Value,
        _ continuation: UnsafeContinuation<Result<Value, StoreError>, Never>?
    ) {
        self.isCharged = isCharged
        self.body = body
        self.continuation = continuation
        super.init(contents)
    }

    override func evaluate(_ transaction: inout CommitTransaction) -> Bool {
        do throws(StoreError) {
            let value = try body(&transaction)
            if isCharged { try transaction.charge() }
            outcome = .success(value)
            return true
        } catch {
            outcome = .failure(error)
            return false
        }
    }

    override func finish(_ failure: StoreError?) {
        guard let continuation else { return }
        switch (outcome, failure) {
        case (_, .some(let failure)): continuation.resume(returning: .failure(failure))
        case (.some(let outcome), nil): continuation.resume(returning: outcome)
        case (nil, nil): preconditionFailure("a group evaluates all its requests")
        }
    }
}
