// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB

/// The C option objects of one open call; RocksDB copies what it needs from them.
struct RocksDBOptions: ~Copyable {
    let database: OpaquePointer
    /// In the order of `MetadataTable.allCases`.
    let tables: [OpaquePointer]

    /// - Parameter acceptsDamagedLog: what stands in the log before the first damaged record is enough.
    init(_ configuration: RocksDBConfiguration, acceptsDamagedLog: Bool) {
        let cache = Self.makeCache(configuration)
        database = Self.makeDatabaseOptions(configuration, acceptsDamagedLog)
        tables = MetadataTable.allCases.map { Self.makeTableOptions($0, configuration, cache) }
        // The tables share it from here on.
        rocksdb_cache_destroy(cache)
    }

    deinit {
        for table in tables { rocksdb_options_destroy(table) }
        rocksdb_options_destroy(database)
    }

    /// Four shards: by default RocksDB makes up to 64, and 48 MiB cut in 64 leaves no room for one filter of 350 KB.
    private static func makeCache(_ configuration: RocksDBConfiguration) -> OpaquePointer {
        let options = rocksdb_lru_cache_options_create()
        defer { rocksdb_lru_cache_options_destroy(options) }
        rocksdb_lru_cache_options_set_capacity(options, configuration.blockCacheByteCount)
        rocksdb_lru_cache_options_set_num_shard_bits(options, 2)
        return rocksdb_cache_create_lru_opts(options)
    }

    private static func makeDatabaseOptions(
        _ configuration: RocksDBConfiguration,
        _ acceptsDamagedLog: Bool
    ) -> OpaquePointer {
        let options = Self.makeOptionsWithoutPreallocation()
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)

        // Durability: one sync per commit. Pipelined and unordered writes give up the snapshot or the order of groups.
        rocksdb_options_set_enable_pipelined_write(options, 0)
        rocksdb_options_set_unordered_write(options, 0)
        rocksdb_options_set_use_fsync(options, 0)
        // What a power cut tore off the end of the log was never acknowledged. Damage before that is told before it is accepted.
        rocksdb_options_set_wal_recovery_mode(
            options,
            Int32(
                acceptsDamagedLog ? rocksdb_point_in_time_recovery : rocksdb_tolerate_corrupted_tail_records_recovery
            )
        )
        drydock_rocksdb_check_log_order(options)
        rocksdb_options_set_max_total_wal_size(options, UInt64(configuration.logByteCountMax))

        rocksdb_options_set_db_write_buffer_size(options, configuration.writeBufferByteCountTotal)
        rocksdb_options_set_max_open_files(options, Int32(configuration.openFileCountMax))
        rocksdb_options_set_max_background_jobs(options, Int32(configuration.backgroundJobCount))
        drydock_rocksdb_leave_room(options)
        rocksdb_options_set_max_manifest_file_size(options, configuration.manifestByteCountMax)
        rocksdb_options_set_manifest_preallocation_size(options, 64 << 10)

        // A quick start reads no file it does not need.
        rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
        rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open(options, 1)

        let logger = drydock_rocksdb_silent_logger_create()
        defer { drydock_rocksdb_silent_logger_destroy(logger) }
        rocksdb_options_set_info_log(options, logger)

        drydock_rocksdb_pace_files(options)

        // Nothing wakes up while nobody asks for anything.
        rocksdb_options_set_stats_dump_period_sec(options, 0)
        rocksdb_options_set_stats_persist_period_sec(options, 0)
        return options
    }

    /// RocksDB takes room for a log before it writes it. Where there is not enough, the file system gives what there is, and a
    /// drive that was nearly full is full to the last block.
    private static func makeOptionsWithoutPreallocation() -> OpaquePointer {
        let options: OpaquePointer = rocksdb_options_create()
        let base: OpaquePointer = rocksdb_options_create()
        defer { rocksdb_options_destroy(base) }
        var status: UnsafeMutablePointer<CChar>?
        // The C API has no call of its own for this one.
        rocksdb_get_options_from_string(base, "allow_fallocate=false", options, &status)
        precondition(status == nil, "RocksDB knows the option")
        return options
    }

    private static func makeTableOptions(
        _ table: MetadataTable,
        _ configuration: RocksDBConfiguration,
        _ cache: OpaquePointer
    ) -> OpaquePointer {
        let layout = RocksDBTableLayout(table)
        let options: OpaquePointer = rocksdb_options_create()
        rocksdb_options_set_write_buffer_size(
            options,
            layout.keepsValuesApart
                ? configuration.writeBufferByteCountOfValues : configuration.writeBufferByteCountPerTable
        )
        rocksdb_options_set_max_write_buffer_number(options, 3)
        rocksdb_options_set_target_file_size_base(options, 32 << 20)
        rocksdb_options_set_max_bytes_for_level_base(options, 64 << 20)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        let compression = configuration.isCompressed && layout.isCompressible
        rocksdb_options_set_compression(
            options,
            compression ? Int32(rocksdb_lz4_compression) : Int32(rocksdb_no_compression)
        )
        if layout.keepsValuesApart { setBlobFiles(options, configuration, cache) }
        if layout.isScanned {
            // A file that is half deletions somewhere is compacted at once: a scan has to walk over each of them.
            rocksdb_options_add_compact_on_deletion_collector_factory(options, 4_096, 2_048)
        }

        let blocks = rocksdb_block_based_options_create()
        rocksdb_block_based_options_set_format_version(blocks, 5)
        rocksdb_block_based_options_set_block_cache(blocks, cache)
        rocksdb_block_based_options_set_block_size(blocks, layout.blockByteCount)
        // Indices and filters count against the cache, so that memory has one bound.
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(blocks, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(blocks, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(blocks, 1)
        if layout.isFiltered {
            // Ten bits a key: one look-up in a hundred of an absent key reads a block in vain. Owned by `blocks`.
            rocksdb_block_based_options_set_filter_policy(blocks, rocksdb_filterpolicy_create_bloom_full(10))
            rocksdb_block_based_options_set_data_block_index_type(
                blocks,
                Int32(rocksdb_block_based_table_data_block_index_type_binary_search_and_hash)
            )
            rocksdb_block_based_options_set_data_block_hash_ratio(blocks, 0.75)
        }
        if layout.isPartitioned {
            rocksdb_block_based_options_set_index_type(
                blocks,
                Int32(rocksdb_block_based_table_index_type_two_level_index_search)
            )
            rocksdb_block_based_options_set_partition_filters(blocks, 1)
            rocksdb_block_based_options_set_pin_top_level_index_and_filter(blocks, 1)
        }
        rocksdb_options_set_block_based_table_factory(options, blocks)
        rocksdb_block_based_options_destroy(blocks)
        return options
    }

    /// Values beside the tree, written once: rewriting 16 KiB values in each compaction would cost ten times the writes.
    private static func setBlobFiles(
        _ options: OpaquePointer,
        _ configuration: RocksDBConfiguration,
        _ cache: OpaquePointer
    ) {
        rocksdb_options_set_enable_blob_files(options, 1)
        rocksdb_options_set_min_blob_size(options, 1 << 10)
        rocksdb_options_set_blob_file_size(options, 64 << 20)
        if configuration.isCompressed {
            rocksdb_options_set_blob_compression_type(options, Int32(rocksdb_lz4_compression))
        }
        // Without the cache `getIfCached` would never find a value that is not in the write buffer.
        rocksdb_options_set_blob_cache(options, cache)
        rocksdb_options_set_enable_blob_gc(options, 1)
        rocksdb_options_set_blob_gc_age_cutoff(options, 0.5)
        rocksdb_options_set_blob_gc_force_threshold(options, 0.5)
    }
}

/// How a table is used, which decides its shape on disk.
struct RocksDBTableLayout {
    /// Digests and random identifiers don't shrink.
    let isCompressible: Bool
    /// Looked up by exact key, often in vain.
    let isFiltered: Bool
    /// Grows with the volume of data rather than with the number of objects: filters are read by the piece.
    let isPartitioned: Bool
    let keepsValuesApart: Bool
    /// Requests read it in order: listings, and what looks for the first of a queue.
    let isScanned: Bool
    let blockByteCount: Int

    init(_ table: MetadataTable) {
        switch table {
        case .system, .uploads:
            self.init(isCompressible: true, isScanned: true)
        case .objects, .versions:
            self.init(isCompressible: true, isFiltered: true, isScanned: true, blockByteCount: 8 << 10)
        case .contents:
            self.init(isFiltered: true)
        case .chunks:
            self.init(isFiltered: true, isPartitioned: true)
        case .inline:
            self.init(isCompressible: true, isFiltered: true, keepsValuesApart: true)
        }
    }

    private init(
        isCompressible: Bool = false,
        isFiltered: Bool = false,
        isPartitioned: Bool = false,
        keepsValuesApart: Bool = false,
        isScanned: Bool = false,
        blockByteCount: Int = 4 << 10
    ) {
        self.isCompressible = isCompressible
        self.isFiltered = isFiltered
        self.isPartitioned = isPartitioned
        self.keepsValuesApart = keepsValuesApart
        self.isScanned = isScanned
        self.blockByteCount = blockByteCount
    }
}
