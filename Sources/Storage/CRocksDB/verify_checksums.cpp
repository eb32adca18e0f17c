// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "CRocksDB.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <cstring>

// As in RocksDB's db/c.cc, which keeps it to itself; the same in all releases.
struct rocksdb_t {
    rocksdb::DB *rep;
};

void drydock_rocksdb_verify_checksums(rocksdb_t *database, char **error) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const rocksdb::Status status = database->rep->VerifyChecksum(options);
    if (!status.ok()) { *error = strdup(status.ToString().c_str()); }
}
