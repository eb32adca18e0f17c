// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore
import StorageTestSupport

/// The metadata as the engine gets it: the monitor hears of each call first, but for look-ups that may not wait.
struct MonitoredMetadata: MetadataStore {
    let base: SimulatedMetadataStore
    let monitor: any MachineMonitor

    private var reading: MonitoredReading { MonitoredReading(base: base, monitor: monitor) }

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        try reading.get(table, key)
    }

    func getIfCached(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> CachedValue {
        try base.getIfCached(table, key)
    }

    func commit(_ batch: MetadataBatch) throws(MetadataError) {
        let changeCount = batch.operations.count { operation in
            switch operation {
            case .put(.objects, _, _), .put(.uploads, _, _): true
            case .put, .delete: false
            }
        }
        monitor.willCommit(groupOf: changeCount)
        monitor.willPerform(.commit, isLocked: false)
        try base.commit(batch)
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        try reading.cursor(table, from: lower, until: upper)
    }

    func snapshot() throws(MetadataError) -> any MetadataReading {
        MonitoredReading(base: try base.snapshot(), monitor: monitor)
    }

    func footprint(_ table: MetadataTable) -> TableFootprint {
        base.footprint(table)
    }

    func keyCounts(_ table: MetadataTable) throws(MetadataError) -> TableKeyCounts {
        monitor.willPerform(.read, isLocked: false)
        return try base.keyCounts(table)
    }

    func compact(
        _ table: MetadataTable,
        movedByteCountMax: UInt64,
        until stop: StopSign
    ) throws(MetadataError) {
        monitor.willPerform(.read, isLocked: false)
        try base.compact(table, movedByteCountMax: movedByteCountMax, until: stop)
    }

    func verify(until stop: StopSign) throws(MetadataError) {
        monitor.willPerform(.read, isLocked: false)
        try base.verify(until: stop)
    }

    func close() {
        base.close()
    }
}

private struct MonitoredReading: MetadataReading {
    let base: any MetadataReading
    let monitor: any MachineMonitor

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        monitor.willPerform(.lookUp, isLocked: false)
        return try base.get(table, key)
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        monitor.willPerform(.lookUp, isLocked: false)
        return try base.cursor(table, from: lower, until: upper)
    }
}
