// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Keeps long runs of one kind apart, and adds up what they did.
final class OneAtATime<Totals: Sendable>: Sendable {
    private struct State {
        var isRunning = false
        /// Nobody may ask the run to end.
        var isUrgent = false
        var isAskedToEnd = false
        var totals: Totals
    }

    /// What a run is, for people.
    private let name: String
    private let state: Mutex<State>

    init(_ name: String, _ totals: Totals) {
        self.name = name
        state = Mutex(State(totals: totals))
    }

    var totals: Totals { state.withLock { $0.totals } }

    /// Somebody in a hurry waits for the run to end.
    var isAskedToEnd: Bool { state.withLock { $0.isAskedToEnd } }

    /// - Parameter isUrgent: asks a run that is not so urgent to end soon.
    /// - Throws: `slowDown` while another one is under way.
    func begin(isUrgent: Bool = false) throws(StoreError) {
        let isFirst = state.withLock { state in
            guard state.isRunning else {
                (state.isRunning, state.isUrgent, state.isAskedToEnd) = (true, isUrgent, false)
                return true
            }
            if isUrgent, !state.isUrgent { state.isAskedToEnd = true }
            return false
        }
        guard isFirst else { throw StoreError(.slowDown, "a \(name) is under way") }
    }

    func end() {
        state.withLock { $0.isRunning = false }
    }

    func add(_ change: (inout Totals) -> Void) {
        state.withLock { change(&$0.totals) }
    }
}
