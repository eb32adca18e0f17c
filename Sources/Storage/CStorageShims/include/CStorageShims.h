// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

// What Swift can't express: system calls that are variadic or missing from its Glibc module, and SIMD kernels.

#ifndef DRYDOCK_CSTORAGESHIMS_H
#define DRYDOCK_CSTORAGESHIMS_H

#include "ChecksumKernels.h"
#include "Chunker.h"
#include "Kernels.h"
#include "SystemCalls.h"

#endif
