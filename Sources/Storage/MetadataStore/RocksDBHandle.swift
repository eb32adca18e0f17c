// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Synchronization

/// The open database and what belongs to it; closed when the last of its holders has let go.
///
/// The store is one holder and each cursor or snapshot is another, so that one that outlives `close()` does no harm.
/// `@unchecked Sendable`: the pointers are immutable and RocksDB is safe from any thread; only the last holder closes.
final class RocksDBHandle: @unchecked Sendable {
    let database: OpaquePointer
    /// By the raw value of the table, less one.
    let tables: [OpaquePointer]
    let reading: OpaquePointer
    let readingCached: OpaquePointer
    let writing: OpaquePointer
    private let holderCount = Atomic<Int>(1)

    /// A sync of the log takes as long as the drive needs for all that was written before it: 64 MiB at once are a pause of 25 ms
    /// where the drive takes 2.5 GB/s.
    private static let fileBytesPerSecondMax: Int64 = 256 << 20

    init(database: OpaquePointer, tables: [OpaquePointer]) {
        self.database = database
        self.tables = tables
        reading = rocksdb_readoptions_create()
        readingCached = rocksdb_readoptions_create()
        rocksdb_readoptions_set_read_tier(readingCached, 1)  // kBlockCacheTier: write buffers and block cache
        writing = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(writing, 1)
        paceFiles(true)
    }

    /// Whether flushes, compactions and files that go leave the drive time for the log. No commit waits while the database opens
    /// or closes.
    func paceFiles(_ isPaced: Bool) {
        drydock_rocksdb_set_file_pace(database, isPaced ? Self.fileBytesPerSecondMax : 0)
    }

    func table(_ table: MetadataTable) -> OpaquePointer {
        tables[Int(table.rawValue) - 1]
    }

    func get(
        _ table: MetadataTable,
        _ key: [UInt8],
        _ options: OpaquePointer
    ) throws(MetadataError) -> [UInt8]? {
        let found = try MetadataError.checked { status in
            rocksdb_get_pinned_cf(database, options, self.table(table), key, key.count, status)
        }
        return found.map(Self.take)
    }

    /// Copies the value and gives the pinned block back.
    static func take(_ pinned: OpaquePointer) -> [UInt8] {
        defer { rocksdb_pinnableslice_destroy(pinned) }
        var count = 0
        guard let start = rocksdb_pinnableslice_value(pinned, &count), count > 0 else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func hold() {
        holderCount.wrappingAdd(1, ordering: .relaxed)
    }

    /// The caller must not touch the handle again.
    func letGo() {
        guard holderCount.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        for table in tables { rocksdb_column_family_handle_destroy(table) }
        rocksdb_close(database)
        rocksdb_readoptions_destroy(reading)
        rocksdb_readoptions_destroy(readingCached)
        rocksdb_writeoptions_destroy(writing)
    }
}
