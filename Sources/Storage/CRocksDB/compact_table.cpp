// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <atomic>
#include <cstring>

void drydock_rocksdb_compact(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, double moved_share, bool *stop, char **error
) {
    rocksdb::CompactRangeOptions options;
    static_assert(sizeof(std::atomic<bool>) == sizeof(bool) && std::atomic<bool>::is_always_lock_free);
    options.canceled = reinterpret_cast<std::atomic<bool> *>(stop);
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    if (moved_share > 0) {
        options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
        options.blob_garbage_collection_age_cutoff = moved_share;
    } else {
        options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kDisable;
    }
    const rocksdb::Status status = database->rep->CompactRange(options, table->rep, nullptr, nullptr);
    if (__atomic_load_n(stop, __ATOMIC_RELAXED)) { return; }
    if (!status.ok()) { *error = strdup(status.ToString().c_str()); }
}
