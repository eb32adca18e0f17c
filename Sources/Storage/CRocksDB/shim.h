// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CROCKSDB_SHIM_H
#define DRYDOCK_CROCKSDB_SHIM_H

#include <rocksdb/c.h>

#endif
