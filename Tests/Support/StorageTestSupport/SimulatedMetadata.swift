// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
package import MetadataStore
import Synchronization

/// The drive space of a simulated metadata store: outlives the stores that are opened on it.
package final class SimulatedMetadata: Sendable {
    struct State {
        var tables = SimulatedTables()
        /// Of a commit that failed or lost its power: the log may have it or not.
        var doubtful: MetadataBatch?
        var isOpen = false
        var generator: SeededGenerator
    }

    let power: SimulatedPower
    let trace: OperationTrace?
    let caching: SimulatedCaching
    let state: Mutex<State>

    package convenience init(
        power: SimulatedPower,
        trace: OperationTrace? = nil,
        caching: SimulatedCaching = .always
    ) {
        self.init(power: power, trace: trace, caching: caching, state: State(generator: power.fork()))
    }

    private init(power: SimulatedPower, trace: OperationTrace?, caching: SimulatedCaching, state: sending State) {
        self.power = power
        self.trace = trace
        self.caching = caching
        self.state = Mutex(state)
    }

    /// A store, as after a start of the process. One at a time.
    package func open() throws(MetadataError) -> SimulatedMetadataStore {
        if power.isOff { throw .powerLost }
        try state.withLock { state throws(MetadataError) in
            if state.isOpen { throw MetadataError(.locked, "the simulated store is open already") }
            state.isOpen = true
            state.settle(.random)
        }
        return SimulatedMetadataStore(self)
    }

    /// The space as the next start finds it. A commit whose power was cut is there whole, or not at all.
    package func afterPowerLoss(
        _ mode: PowerLossMode,
        power next: SimulatedPower,
        trace: OperationTrace? = nil
    ) -> SimulatedMetadata {
        power.cut()
        let survivor = state.withLock { state in
            state.settle(mode)
            return State(tables: state.tables, generator: next.fork())
        }
        return SimulatedMetadata(power: next, trace: trace, caching: caching, state: survivor)
    }
}

extension SimulatedMetadata.State {
    /// Decides what became of a doubtful commit.
    mutating func settle(_ mode: PowerLossMode) {
        guard let doubtful else { return }
        let isKept =
            switch mode {
            case .dropUnsynced: false
            case .keepUnsynced: true
            case .random: generator.coin()
            }
        if isKept { tables.apply(doubtful) }
        self.doubtful = nil
    }
}

extension MetadataError {
    /// What each call of a machine without power throws.
    static var powerLost: MetadataError { MetadataError(.ioFailure, "the power is off") }

    package var isPowerLost: Bool { message == MetadataError.powerLost.message }
}
