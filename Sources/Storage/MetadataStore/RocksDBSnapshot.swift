// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB

/// The database at one sequence number; pins what was there then, and the database, until it goes.
///
/// Unchecked: RocksDB's snapshots and read options are read only, from any thread.
final class RocksDBSnapshot: MetadataReading, @unchecked Sendable {
    private let handle: RocksDBHandle
    private let snapshot: OpaquePointer?
    private let reading: OpaquePointer

    init(_ handle: RocksDBHandle) {
        handle.hold()
        self.handle = handle
        snapshot = rocksdb_create_snapshot(handle.database)
        reading = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(reading, snapshot)
    }

    deinit {
        rocksdb_readoptions_destroy(reading)
        rocksdb_release_snapshot(handle.database, snapshot)
        handle.letGo()
    }

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        try handle.get(table, key, reading)
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        RocksDBCursor(handle, table, from: lower, until: upper, snapshot: snapshot)
    }
}
