// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/db.h>
#include <rocksdb/table_properties.h>

#include <cstring>

void drydock_rocksdb_key_counts(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, uint64_t *entries, uint64_t *deletions, char **error
) {
    rocksdb::TablePropertiesCollection files;
    const rocksdb::Status status = database->rep->GetPropertiesOfAllTables(table->rep, &files);
    if (!status.ok()) {
        *error = strdup(status.ToString().c_str());
        return;
    }
    for (const auto &file : files) {
        *entries += file.second->num_entries;
        *deletions += file.second->num_deletions;
    }
}
