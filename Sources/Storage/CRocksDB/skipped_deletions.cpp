// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "CRocksDB.h"

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

uint64_t drydock_rocksdb_skipped_deletions(void) {
    // A thread counts only when it is told to.
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
    return rocksdb::get_perf_context()->internal_delete_skipped_count;
}
