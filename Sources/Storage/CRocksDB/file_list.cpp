// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/db.h>

#include <cstring>
#include <string>
#include <vector>

char *drydock_rocksdb_file_list(rocksdb_t *database, uint64_t *byte_count, char **error) {
    std::vector<std::string> files;
    const rocksdb::Status status = database->rep->GetLiveFiles(files, byte_count, /*flush_memtable=*/false);
    if (!status.ok()) {
        *error = strdup(status.ToString().c_str());
        return nullptr;
    }
    for (const std::string &file : files) {
        // Names begin with a slash.
        if (file.compare(0, 10, "/MANIFEST-") == 0) { return strdup(file.c_str() + 1); }
    }
    return nullptr;
}
