// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_C_API_TYPES_H
#define DRYDOCK_C_API_TYPES_H

#include "CRocksDB.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>

// As in RocksDB's db/c.cc, which keeps them to itself; these members come first in all releases.
struct rocksdb_t {
    rocksdb::DB *rep;
};
struct rocksdb_column_family_handle_t {
    rocksdb::ColumnFamilyHandle *rep;
};
struct rocksdb_options_t {
    rocksdb::Options rep;
};
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
};

#endif
