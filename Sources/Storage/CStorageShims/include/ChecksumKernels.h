// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CHECKSUMKERNELS_H
#define DRYDOCK_CHECKSUMKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "Kernels.h"

// Cyclic redundancy checks, all reflected. `crc` is the value of the bytes before (0 for none): the inversion at
// both ends happens inside. Any alignment. The plain names choose the fastest kernel.
uint32_t drydock_crc32(uint32_t crc, const void *_Nullable bytes, size_t count);
uint32_t drydock_crc32c(uint32_t crc, const void *_Nullable bytes, size_t count);
uint64_t drydock_crc64nvme(uint64_t crc, const void *_Nullable bytes, size_t count);

// The same through one kernel, which must be available and apply to that CRC.
uint32_t drydock_crc32_with(enum drydock_kernel kernel, uint32_t crc, const void *_Nullable bytes, size_t count);
uint32_t drydock_crc32c_with(enum drydock_kernel kernel, uint32_t crc, const void *_Nullable bytes, size_t count);
uint64_t drydock_crc64nvme_with(enum drydock_kernel kernel, uint64_t crc, const void *_Nullable bytes, size_t count);

// MD5 of several independent streams in lockstep: lane i's `states[i]` (A, B, C, D) absorbs `block_count` blocks of
// 64 bytes at `bytes[i]`. Any alignment. The kernel must be available. Two lanes may read the same bytes.
void drydock_md5_avx2_x8(
    uint32_t states[_Nonnull 8][4], const uint8_t *_Nonnull const bytes[_Nonnull 8], size_t block_count
);
void drydock_md5_avx512_x16(
    uint32_t states[_Nonnull 16][4], const uint8_t *_Nonnull const bytes[_Nonnull 16], size_t block_count
);

// SHA-256 of two or four independent messages in lockstep: `states[i]` (H0...H7) absorbs `block_count` blocks of 64 bytes
// at `bytes[i]`. Any alignment. The kernel `sha` must be available.
void drydock_sha256_x2(
    uint32_t states[_Nonnull 2][8], const uint8_t *_Nonnull const bytes[_Nonnull 2], size_t block_count
);
void drydock_sha256_x4(
    uint32_t states[_Nonnull 4][8], const uint8_t *_Nonnull const bytes[_Nonnull 4], size_t block_count
);

#endif
