// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_KERNELS_H
#define DRYDOCK_KERNELS_H

#include <stdbool.h>

// The ways a kernel can work. A test runs each that the CPU has and compares it with the scalar one.
enum drydock_kernel {
    drydock_kernel_scalar = 0,
    drydock_kernel_sse42 = 1,       // the crc32 instruction; CRC-32C only
    drydock_kernel_pclmul = 2,      // carry-less multiplication, 128 bits wide; CRCs
    drydock_kernel_vpclmul512 = 3,  // the same, 512 bits wide
    drydock_kernel_avx2 = 4,        // MD5 in 8 lanes, cuts in 16
    drydock_kernel_avx512 = 5,      // MD5 in 16 lanes, cuts in 32
    drydock_kernel_sha = 6,         // the SHA-256 instructions
};

// Whether this CPU can run the kernel. Thread-safe; false on other architectures for all but scalar.
bool drydock_kernel_available(enum drydock_kernel kernel);

#endif
