// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore
import Synchronization

/// Lets something happen between two reads of a table that belong together.
final class InterruptedMetadata: MetadataStore {
    private struct State {
        var table: MetadataTable?
        var interruption: @Sendable () throws -> Void = {}
    }

    private let base: any MetadataStore
    private let state = Mutex(State())

    init(_ base: any MetadataStore) {
        self.base = base
    }

    /// Runs `body` once, after the next read of `table`.
    func interruptAfterRead(of table: MetadataTable, _ body: @escaping @Sendable () throws -> Void) {
        state.withLock { $0 = State(table: table, interruption: body) }
    }

    /// What a delete of everything does, in one batch.
    func removeAll(_ tables: [MetadataTable]) throws(MetadataError) {
        var batch = MetadataBatch()
        for table in tables {
            let cursor = try base.cursor(table, from: [], until: nil)
            while try cursor.next() { batch.delete(table, cursor.withCurrent { key, _ in [UInt8](key) }) }
        }
        try base.commit(batch)
    }

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        defer { interrupt(table) }
        return try base.get(table, key)
    }

    func getIfCached(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> CachedValue {
        try base.getIfCached(table, key)
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        defer { interrupt(table) }
        return try base.cursor(table, from: lower, until: upper)
    }

    func snapshot() throws(MetadataError) -> any MetadataReading {
        try base.snapshot()
    }

    func commit(_ batch: MetadataBatch) throws(MetadataError) {
        try base.commit(batch)
    }

    func footprint(_ table: MetadataTable) -> TableFootprint { base.footprint(table) }

    func keyCounts(_ table: MetadataTable) throws(MetadataError) -> TableKeyCounts {
        try base.keyCounts(table)
    }

    func compact(
        _ table: MetadataTable,
        movedByteCountMax: UInt64,
        until stop: StopSign
    ) throws(MetadataError) {
        try base.compact(table, movedByteCountMax: movedByteCountMax, until: stop)
    }

    func verify(until stop: StopSign) throws(MetadataError) {
        try base.verify(until: stop)
    }

    func close() {
        base.close()
    }

    private func interrupt(_ table: MetadataTable) {
        let body = state.withLock { state -> (@Sendable () throws -> Void)? in
            guard state.table == table else { return nil }
            state.table = nil
            return state.interruption
        }
        do { try body?() } catch { preconditionFailure("the interruption fails: \(error)") }
    }
}
