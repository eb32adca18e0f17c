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
        return survivor(mode, power: next, trace: trace, state.withLock { $0.generator })
    }

    /// What a start would find if the power went now.
    func survivor(
        _ mode: PowerLossMode,
        power next: SimulatedPower,
        trace: OperationTrace?,
        _ generator: SeededGenerator
    ) -> SimulatedMetadata {
        let survivor = state.withLock { state in
            var survivor = State(tables: state.tables, doubtful: state.doubtful, generator: generator)
            survivor.settle(mode)
            survivor.generator = next.fork()
            return survivor
        }
        return SimulatedMetadata(power: next, trace: trace, caching: caching, state: survivor)
    }
}

/// Damage of the medium, as far as no database notices it.
extension SimulatedMetadata {
    package func recordCount(_ table: MetadataTable) -> Int {
        state.withLock { $0.tables[table].keys.count }
    }

    /// Turns over a bit of a value for good.
    ///
    /// - Parameters:
    ///   - record: its place in the order of the keys.
    ///   - byte: any number; counted round the value.
    package func flipBit(ofRecord record: Int, in table: MetadataTable, byte: Int, bit: Int) {
        state.withLock { state in
            let (key, value) = (state.tables[table].keys[record], state.tables[table].values[record])
            guard !value.isEmpty else { return }
            var damaged = value
            damaged[byte % value.count] ^= 1 << UInt8(bit)
            var batch = MetadataBatch()
            batch.put(table, key, damaged)
            state.tables.apply(batch)
        }
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
