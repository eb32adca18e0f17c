// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Something that must never happen has happened.
package struct SimulationFailure: Error, Sendable, CustomStringConvertible {
    /// Which promise is broken, in a few words that do not change from seed to seed.
    package enum Invariant: String, Sendable, CaseIterable {
        case history = "every answer and every recovered state follows from the operations in some order"
        case bytes = "a reader gets the bytes that were written, or an error"
        case soundness = "fsck and scrub find nothing wrong with a store that nobody damaged"
        case detection = "fsck and scrub find what a reader has stumbled over"
        case availability = "nothing is refused without a cause"
        case start = "a store starts again whatever the power did"
        case refusal = "no write is acknowledged after a failed sync"
        case reclamation = "a collection leaves no garbage"
        case progress = "somebody can always go on"
    }

    package let invariant: Invariant
    package let message: String

    init(_ invariant: Invariant, _ message: String) {
        self.invariant = invariant
        self.message = message
    }

    package var description: String { "\(message) [\(invariant.rawValue)]" }
}
