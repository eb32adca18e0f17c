// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "Chunker.h"

#include <string.h>

#define WORD_FACTOR 0xcf45
#define BASE 0xe3ed

// What a pair of neighbouring bytes gives to the hash. The shift makes it nonlinear: without it, counters and other
// arithmetic progressions give progressions of hashes, and cuts at regular distances or nowhere.
static inline uint16_t mix(const uint8_t *pair) {
    const uint16_t product = (uint16_t)((pair[0] | pair[1] << 8) * WORD_FACTOR);
    return product ^ product >> 7;
}

// The hash of the 32 bytes before `end`: sixteen pairs as the digits of a number to the base BASE, modulo 2^16.
static inline uint16_t hash(const uint8_t *end) {
    uint16_t sum = 0;
    for (const uint8_t *pair = end - 32; pair < end; pair += 2) { sum = (uint16_t)((uint32_t)sum * BASE + mix(pair)); }
    return sum;
}

static inline bool has(uint16_t hash, uint16_t mark) { return (hash & mark) == mark; }

// What else makes a cut of a position whose hash has the mark.
static inline bool passes(const struct drydock_chunk_rule *rule, const uint8_t *bytes, size_t length) {
    return length >= rule->normal || has(hash(bytes + length - 32), rule->strict_mark);
}

// scan8, scan16 and scan32 return the first cut in first...last, 0 if there is none. Eight lanes, 128 bits, are what every
// 64-bit CPU has, so that is the scalar kernel.

#define NAME(what, lane_count) NAME_EXPANDED(what, lane_count)
#define NAME_EXPANDED(what, lane_count) what##lane_count
#define IOTA8(first) (first), (first) + 1, (first) + 2, (first) + 3, (first) + 4, (first) + 5, (first) + 6, (first) + 7
#define IOTA16(first) IOTA8(first), IOTA8((first) + 8)
#define IOTA32(first) IOTA16(first), IOTA16((first) + 16)

#define LANE_COUNT 8
#define TARGET
#include "chunker_scan.h"

#if defined(__x86_64__)
#define LANE_COUNT 16
#define TARGET __attribute__((target("avx2")))
#include "chunker_scan.h"

#define LANE_COUNT 32
#define TARGET __attribute__((target("avx512f,avx512bw")))
#include "chunker_scan.h"
#endif

size_t drydock_chunk_length(
    enum drydock_kernel kernel, const struct drydock_chunk_rule *rule, const uint8_t *bytes, size_t scanned,
    size_t count
) {
    const size_t first = scanned < rule->minimum ? rule->minimum : scanned + 1;
    const size_t last = count < rule->maximum ? count : rule->maximum;
    size_t cut;
    switch (kernel) {
#if defined(__x86_64__)
    case drydock_kernel_avx2: cut = scan16(rule, bytes, first, last); break;
    case drydock_kernel_avx512: cut = scan32(rule, bytes, first, last); break;
#endif
    default: cut = scan8(rule, bytes, first, last);
    }
    return cut == 0 && last == rule->maximum ? last : cut;
}
