// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Synchronization

/// The store on a local drive: RocksDB with one column family per table.
///
/// A commit is one write of the log and one `fdatasync`. Commits of several threads at once share a sync.
package final class RocksDBMetadataStore: MetadataStore {
    private enum State: UInt8, AtomicRepresentable {
        case open, failed, closed
    }

    let handle: RocksDBHandle
    let directory: String
    private let state = Atomic<State>(.open)
    let logWrites = LogWrites()

    /// The log had a damaged record that was not its last, and what stood behind it is lost; nil when all is well. A loss of
    /// power can look the same, and then nothing acknowledged is lost.
    package let logDamage: String?

    init(_ handle: RocksDBHandle, directory: String, logDamage: String? = nil) {
        self.handle = handle
        self.directory = directory
        self.logDamage = logDamage
    }

    /// A commit failed, and what reached the log is unknown.
    var hasFailed: Bool { state.load(ordering: .acquiring) == .failed }

    deinit {
        if state.load(ordering: .relaxed) != .closed { handle.letGo() }
    }

    package func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        checkNotClosed()
        return try handle.get(table, key, handle.reading)
    }

    package func getIfCached(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> CachedValue {
        checkNotClosed()
        var status: UnsafeMutablePointer<CChar>?
        let found = rocksdb_get_pinned_cf(
            handle.database,
            handle.readingCached,
            handle.table(table),
            key,
            key.count,
            &status
        )
        if let status {
            defer { rocksdb_free(status) }
            // "Result incomplete: no blocking io" and the like.
            let text = String(cString: status)
            if text.hasPrefix("Result incomplete") { return .unknown }
            throw MetadataError(rocksDBStatus: text)
        }
        guard let found else { return .absent }
        let value = RocksDBHandle.take(found)
        // For a key that may be in a file that is not open, RocksDB says OK and gives an empty value (`TableCache::Get`).
        return value.isEmpty ? .unknown : .value(value)
    }

    package func commit(_ batch: MetadataBatch) throws(MetadataError) {
        checkNotClosed()
        guard state.load(ordering: .acquiring) == .open else {
            throw MetadataError(.failed, "an earlier commit failed; the store only reads until it is opened again")
        }
        guard !batch.isEmpty else { return }
        let changes = rocksdb_writebatch_create()
        defer { rocksdb_writebatch_destroy(changes) }
        for operation in batch.operations {
            switch operation {
            case .put(let table, let key, let value):
                rocksdb_writebatch_put_cf(changes, handle.table(table), key, key.count, value, value.count)
            case .delete(let table, let key):
                rocksdb_writebatch_delete_cf(changes, handle.table(table), key, key.count)
            }
        }
        logWrites.begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { logWrites.finished.wrappingAdd(1, ordering: .sequentiallyConsistent) }
        do throws(MetadataError) {
            try MetadataError.checked { status in
                rocksdb_write(handle.database, handle.writing, changes, status)
            }
        } catch {
            // What reached the log is unknown now; only the recovery of the next start can tell.
            state.store(.failed, ordering: .releasing)
            throw error
        }
    }

    package func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        checkNotClosed()
        return RocksDBCursor(handle, table, from: lower, until: upper)
    }

    package func snapshot() throws(MetadataError) -> any MetadataReading {
        checkNotClosed()
        return RocksDBSnapshot(handle)
    }

    package func footprint(_ table: MetadataTable) -> TableFootprint {
        checkNotClosed()
        var footprint = TableFootprint()
        footprint.treeByteCount = property("rocksdb.live-sst-files-size", table)
        footprint.valueByteCount = property("rocksdb.live-blob-file-size", table)
        footprint.deletedValueByteCount = property("rocksdb.live-blob-file-garbage-size", table)
        return footprint
    }

    package func keyCounts(_ table: MetadataTable) throws(MetadataError) -> TableKeyCounts {
        checkNotClosed()
        var counts = TableKeyCounts()
        var entryCount: UInt64 = 0
        try MetadataError.checked { status in
            drydock_rocksdb_key_counts(
                handle.database,
                handle.table(table),
                &entryCount,
                &counts.deletedCount,
                status
            )
        }
        counts.putCount = entryCount - min(counts.deletedCount, entryCount)
        return counts
    }

    private func property(_ name: String, _ table: MetadataTable) -> UInt64 {
        var value: UInt64 = 0
        // Unknown names leave it alone.
        _ = rocksdb_property_int_cf(handle.database, handle.table(table), name, &value)
        return value
    }

    package func compact(
        _ table: MetadataTable,
        movedByteCountMax: UInt64,
        until stop: StopSign
    ) throws(MetadataError) {
        let footprint = footprint(table)
        let liveByteCount = footprint.valueByteCount - min(footprint.deletedValueByteCount, footprint.valueByteCount)
        // The oldest files may have more left of them than others.
        let share = min(1, Double(movedByteCountMax / 2) / Double(max(liveByteCount, 1)))
        try MetadataError.checked { status in
            stop.withFlag { drydock_rocksdb_compact(handle.database, handle.table(table), share, $0, status) }
        }
        try stop.check()
    }

    /// Blocks while the write buffers (at most 32 MiB) become files, so that the next start replays no log.
    package func close() {
        let before = state.exchange(.closed, ordering: .acquiringAndReleasing)
        guard before != .closed else { return }
        handle.paceFiles(false)
        if before == .open { flush() }
        handle.letGo()
    }

    /// Best effort: what can't be flushed is in the log.
    private func flush() {
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 1)
        for table in handle.tables {
            var status: UnsafeMutablePointer<CChar>?
            rocksdb_flush_cf(handle.database, options, table, &status)
            guard let status else { continue }
            rocksdb_free(status)
            return
        }
    }

    func checkNotClosed() {
        precondition(state.load(ordering: .relaxed) != .closed, "the store has been closed")
    }
}
