// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Glibc

/// How many deleted keys the cursors of a thread have walked over since this was made, a tenth of a microsecond each.
struct PassedDeletions {
    private let thread = pthread_self()
    private let before = Self.ofThisThread

    /// Zero on another thread: what that one counts is not known.
    var count: UInt64 {
        pthread_equal(thread, pthread_self()) != 0 ? max(Self.ofThisThread, before) - before : 0
    }

    private static var ofThisThread: UInt64 { drydock_rocksdb_skipped_deletions() }
}

extension RocksDBHandle {
    /// What a cursor may walk over before something is done about it: a millisecond.
    private static let deletionCountMax: UInt64 = 10_000

    /// Makes a file of the write buffer when deletions in it were in the way, because only compactions take them away.
    /// Waits for a write of the log at most.
    func clear(_ passed: PassedDeletions, from table: OpaquePointer) {
        guard passed.count > Self.deletionCountMax else { return }
        var buffered: UInt64 = 0
        _ = rocksdb_property_int_cf(database, table, "rocksdb.num-deletes-active-mem-table", &buffered)
        // Fewer than these: they were in files, which are being compacted (`RocksDBOptions`).
        guard buffered > Self.deletionCountMax else { return }
        var full: UInt64 = 0
        _ = rocksdb_property_int_cf(database, table, "rocksdb.num-immutable-mem-table", &full)
        // One more would have to wait for those before it.
        guard full == 0 else { return }
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 0)
        var status: UnsafeMutablePointer<CChar>?
        rocksdb_flush_cf(database, options, table, &status)
        // Nothing depends on it, and a drive that fails is noticed by the next commit.
        if let status { rocksdb_free(status) }
    }
}
