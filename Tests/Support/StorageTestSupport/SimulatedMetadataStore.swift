// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
package import MetadataStore
import Synchronization

/// A metadata store in memory that loses its power, fails and counts together with a simulated disk.
package final class SimulatedMetadataStore: MetadataStore {
    private let space: SimulatedMetadata
    private let hasFailed = Mutex(false)
    private let isClosed = Mutex(false)

    init(_ space: SimulatedMetadata) {
        self.space = space
    }

    deinit { close() }

    package func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        if space.power.isOff { throw .powerLost }
        return space.state.withLock { $0.tables[table][key] }
    }

    package func getIfCached(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> CachedValue {
        if space.power.isOff { throw .powerLost }
        let isCached =
            switch space.caching {
            case .always: true
            case .never: false
            case .random: space.state.withLock { $0.generator.coin() }
            }
        guard isCached else { return .unknown }
        return try get(table, key).map { $0.isEmpty ? .unknown : .value($0) } ?? .absent
    }

    package func commit(_ batch: MetadataBatch) throws(MetadataError) {
        try hasFailed.withLock { hasFailed throws(MetadataError) in
            if hasFailed { throw MetadataError(.failed, "an earlier commit failed") }
            if batch.isEmpty { return }
            let outcome = space.power.begin()
            if outcome != .off { space.trace?.record(Self.traceLine(batch, outcome)) }
            switch outcome {
            case .success: space.state.withLock { $0.tables.apply(batch) }
            case .failure(let fault):
                hasFailed = true
                space.state.withLock { $0.doubtful = batch }
                throw MetadataError(fault == .noSpace ? .noSpace : .ioFailure, "simulated failure of a commit")
            case .interrupted:
                space.state.withLock { $0.doubtful = batch }
                throw .powerLost
            case .off: throw .powerLost
            }
        }
    }

    package func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        if space.power.isOff { throw .powerLost }
        return SimulatedCursor(
            space.state.withLock { $0.tables[table] },
            from: lower,
            until: upper,
            power: space.power
        )
    }

    package func snapshot() throws(MetadataError) -> any MetadataReading {
        if space.power.isOff { throw .powerLost }
        return SimulatedSnapshot(tables: space.state.withLock { $0.tables }, power: space.power)
    }

    package func footprint(_ table: MetadataTable) -> TableFootprint { TableFootprint() }

    package func keyCounts(_ table: MetadataTable) throws(MetadataError) -> TableKeyCounts {
        if space.power.isOff { throw .powerLost }
        return TableKeyCounts()
    }

    /// What is deleted here takes no space.
    package func compact(
        _ table: MetadataTable,
        movedByteCountMax: UInt64,
        until stop: StopSign
    ) throws(MetadataError) {
        if space.power.isOff { throw .powerLost }
    }

    /// Values here are damaged by tests alone, which put what they like.
    package func verify(until stop: StopSign) throws(MetadataError) {
        if space.power.isOff { throw .powerLost }
    }

    package func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if !wasClosed { space.state.withLock { $0.isOpen = false } }
    }

    /// `commit system+1 objects+1-2`: puts and deletes by table, in the order of the tables.
    private static func traceLine(_ batch: MetadataBatch, _ outcome: SimulatedPower.Outcome) -> String {
        var puts: [MetadataTable: Int] = [:]
        var deletes: [MetadataTable: Int] = [:]
        for operation in batch.operations {
            switch operation {
            case .put(let table, _, _): puts[table, default: 0] += 1
            case .delete(let table, _): deletes[table, default: 0] += 1
            }
        }
        var line = "commit"
        for table in MetadataTable.allCases where puts[table] != nil || deletes[table] != nil {
            line += " \(table)"
            if let count = puts[table] { line += "+\(count)" }
            if let count = deletes[table] { line += "-\(count)" }
        }
        return outcome == .success ? line : line + " failed"
    }
}

/// A walk over a copy of the table.
private struct SimulatedSnapshot: MetadataReading {
    let tables: SimulatedTables
    let power: SimulatedPower

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        if power.isOff { throw .powerLost }
        return tables[table][key]
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        if power.isOff { throw .powerLost }
        return SimulatedCursor(tables[table], from: lower, until: upper, power: power)
    }
}

private final class SimulatedCursor: MetadataCursor {
    private let table: SimulatedTable
    private let lower: [UInt8]
    private let end: Int
    private let power: SimulatedPower
    /// Of the pair that the following `next` goes to.
    private var following: Int
    private var current: Int?

    init(_ table: SimulatedTable, from lower: [UInt8], until upper: [UInt8]?, power: SimulatedPower) {
        self.table = table
        self.lower = lower
        self.power = power
        end = upper.map { table.index(notBelow: $0) } ?? table.keys.count
        following = table.index(notBelow: lower)
    }

    func next() throws(MetadataError) -> Bool {
        if power.isOff { throw .powerLost }
        guard following < end else {
            current = nil
            return false
        }
        current = following
        following += 1
        return true
    }

    func seek(to key: [UInt8]) throws(MetadataError) {
        precondition(!SimulatedTable.isBelow(key, lower), "a seek below the lower bound of the cursor")
        following = table.index(notBelow: key)
        current = nil
    }

    func withCurrent<Result>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
    ) -> Result {
        guard let current else { preconditionFailure("the cursor stands on no pair") }
        return table.keys[current].withUnsafeBytes { key in
            table.values[current].withUnsafeBytes { value in body(key, value) }
        }
    }
}
