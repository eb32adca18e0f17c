// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What the engine asks of its machine.
package enum MachineCall: String, Sendable, Hashable, CaseIterable {
    case create, write, truncate, deallocate, sync, rename, remove, makeDirectory, syncDirectory, commit
    case read, lookUp

    /// Whether the call changes what a loss of power leaves.
    var isChange: Bool { self != .read && self != .lookUp }
}

/// What becomes of a sync.
package enum SimulatedDrive: Sendable {
    case honest
    /// Says that a file is durable when it is not: no store can bear it, so a simulation must notice.
    case lying
}

/// Hears of each call before the machine does.
protocol MachineMonitor: AnyObject, Sendable {
    /// - Parameter isLocked: the caller may hold a lock, so nothing else may run now.
    func willPerform(_ call: MachineCall, isLocked: Bool)
    func willCommit(groupOf changeCount: Int)
}
