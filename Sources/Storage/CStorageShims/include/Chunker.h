// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CHUNKER_H
#define DRYDOCK_CHUNKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Content-defined cuts, in C because the loop over single bytes is twice as fast here as with Swift's checks.
//
// The gear hash of a position is a function of the 64 bytes before it and of nothing else:
//
//     hash = sum over i in 0..<64 of gear[byte i before the position] << i   (modulo 2^64)
//
// A chunk ends at the first length L in minimum..<maximum where (hash & mask) == 0, with mask = strict_mask while
// L < normal and loose_mask from there on, or at maximum. Positions below the minimum are never looked at.
// The gear table is the first 256 outputs of SplitMix64 seeded with 0x447279646f636b31 ("Drydock1").

struct drydock_chunker {
    uint64_t hash;
    size_t length;  // bytes of the current chunk taken in so far
    size_t minimum;  // at least 64
    size_t normal;
    size_t maximum;
    uint64_t strict_mask;
    uint64_t loose_mask;
};

// Takes in bytes up to the end of the current chunk or of the input. Returns how many it took; `*is_cut` says whether
// the chunk ends there, and then the state is ready for the next chunk. `count` 0 takes nothing.
size_t drydock_chunker_advance(
    struct drydock_chunker *_Nonnull chunker, const uint8_t *_Nonnull bytes, size_t count, bool *_Nonnull is_cut);

// Entry `index` (0...255) of the gear table, for the test that compares it with its rule.
uint64_t drydock_chunker_gear(size_t index);

#endif
