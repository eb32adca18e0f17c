// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CZSTD_SHIM_H
#define DRYDOCK_CZSTD_SHIM_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
