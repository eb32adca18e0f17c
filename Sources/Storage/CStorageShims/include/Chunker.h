// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CHUNKER_H
#define DRYDOCK_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

#include "Kernels.h"

// Content-defined cuts; OnDiskFormat.md, section "Cuts", defines the hash.

struct drydock_chunk_rule {
    size_t minimum;  // at least DRYDOCK_CHUNK_MINIMUM
    size_t normal;
    size_t maximum;
    // A cut needs these bits of the hash set: some of the highest, without a gap.
    uint16_t mark;
    // A cut below `normal` also needs these bits of the hash 32 bytes before it set.
    uint16_t strict_mark;
};

// The vector kernels look back this far from the first position where a cut may be.
#define DRYDOCK_CHUNK_MINIMUM 128

// The length of the chunk that starts at `bytes`, if it is longer than `scanned` and ends within `count` bytes; else 0.
// To go on where a search ended without a cut, pass its `count` as `scanned` and the chunk with more bytes behind.
size_t drydock_chunk_length(
    enum drydock_kernel kernel, const struct drydock_chunk_rule *_Nonnull rule, const uint8_t *_Nonnull bytes,
    size_t scanned, size_t count
);

#endif
