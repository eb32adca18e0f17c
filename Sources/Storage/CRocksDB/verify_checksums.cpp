// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/options.h>

#include <cstring>
#include <string>
#include <vector>

// Whether a compaction has not taken the file away yet.
static bool is_live(rocksdb::DB *database, const rocksdb::LiveFileMetaData &wanted) {
    std::vector<rocksdb::LiveFileMetaData> files;
    database->GetLiveFilesMetaData(&files);
    for (const auto &file : files) {
        if (file.name == wanted.name) { return true; }
    }
    return false;
}

void drydock_rocksdb_verify_checksums(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, const bool *stop, char **error
) {
    rocksdb::ReadOptions reading;
    reading.fill_cache = false;
    const rocksdb::Options options = database->rep->GetOptions(table->rep);
    std::vector<rocksdb::LiveFileMetaData> files;
    database->rep->GetLiveFilesMetaData(&files);
    for (const auto &file : files) {
        if (file.column_family_name != table->rep->GetName()) { continue; }
        if (__atomic_load_n(stop, __ATOMIC_RELAXED)) { return; }
        // RocksDB's own call for all files can't be stopped; it does the same with each.
        const rocksdb::Status status = rocksdb::VerifySstFileChecksum(
            options, rocksdb::EnvOptions(options), reading, file.db_path + file.name, file.largest_seqno
        );
        if (status.ok() || !is_live(database->rep, file)) { continue; }
        *error = strdup(status.ToString().c_str());
        return;
    }
}
