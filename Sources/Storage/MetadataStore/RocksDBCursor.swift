// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB

/// A walk over one column family; pins its snapshot, and the blocks it stands on, until it goes.
final class RocksDBCursor: MetadataCursor {
    private enum Position {
        /// A seek waits; done late, so that a cursor that is moved at once does not read twice.
        case before([UInt8])
        case at
        case end
    }

    private let handle: RocksDBHandle
    private let table: OpaquePointer
    /// Nil for a snapshot, which keeps compactions from taking anything away.
    private let passed: PassedDeletions?
    private let options: OpaquePointer
    private let iterator: OpaquePointer
    /// RocksDB keeps the pointer, not the bytes.
    private let upperBound: UnsafeMutableBufferPointer<UInt8>
    private let lower: [UInt8]
    private var position: Position

    /// - Parameter snapshot: of this moment when there is none.
    init(
        _ handle: RocksDBHandle,
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?,
        snapshot: OpaquePointer? = nil
    ) {
        handle.hold()
        self.handle = handle
        self.table = handle.table(table)
        self.lower = lower
        passed = snapshot == nil ? PassedDeletions() : nil
        options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(options, snapshot)
        // A walk over a snapshot reads all there is, once: it must not push out what requests read often.
        if snapshot != nil { rocksdb_readoptions_set_fill_cache(options, 0) }
        upperBound = .allocate(capacity: upper?.count ?? 0)
        if let upper {
            _ = upperBound.initialize(fromContentsOf: upper)
            rocksdb_readoptions_set_iterate_upper_bound(options, upperBound.baseAddress, upper.count)
        }
        iterator = rocksdb_create_iterator_cf(handle.database, options, self.table)
        position = .before(lower)
    }

    deinit {
        rocksdb_iter_destroy(iterator)
        rocksdb_readoptions_destroy(options)
        upperBound.deallocate()
        if let passed { handle.clear(passed, from: table) }
        handle.letGo()
    }

    func next() throws(MetadataError) -> Bool {
        switch position {
        case .before(let key): rocksdb_iter_seek(iterator, key, key.count)
        case .at: rocksdb_iter_next(iterator)
        case .end: return false
        }
        if rocksdb_iter_valid(iterator) != 0 {
            position = .at
            return true
        }
        position = .end
        try MetadataError.checked { rocksdb_iter_get_error(iterator, $0) }
        return false
    }

    func seek(to key: [UInt8]) throws(MetadataError) {
        precondition(!key.lexicographicallyPrecedes(lower), "a seek below the lower bound of the cursor")
        position = .before(key)
    }

    func withCurrent<Result>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
    ) -> Result {
        guard case .at = position else { preconditionFailure("the cursor stands on no pair") }
        var keyCount = 0
        var valueCount = 0
        let key = rocksdb_iter_key(iterator, &keyCount)
        let value = rocksdb_iter_value(iterator, &valueCount)
        return body(
            UnsafeRawBufferPointer(start: key, count: keyCount),
            UnsafeRawBufferPointer(start: value, count: valueCount)
        )
    }
}
