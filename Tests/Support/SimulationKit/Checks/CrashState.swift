// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTestSupport

/// A machine that has lost its power, and what its clients knew in that instant.
struct CrashState: Sendable {
    let machine: SimulatedMachine
    let ledger: Ledger
    /// When the power went, for people.
    let label: String
}
