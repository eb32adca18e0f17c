// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

// The text of one scan, for chunker.c to include with LANE_COUNT and TARGET defined: scan8, scan16, scan32.
//
// The hash of a window is put together from those of its halves, whose own halves served other windows before:
//
//     hash of n pairs = hash of the last n/2 + BASE^(n/2) * hash of the n/2 before
//
// One vector holds the hashes of every second position, so the n/2 pairs before are those n/2 lanes earlier: four steps
// make 16 pairs. Another vector does the positions between.

#define VECTOR NAME(vector, LANE_COUNT)
#define TRAIL NAME(trail, LANE_COUNT)
#define MIX NAME(mix, LANE_COUNT)
#define STEP NAME(step, LANE_COUNT)
#define SCAN NAME(scan, LANE_COUNT)

typedef uint16_t VECTOR __attribute__((vector_size(2 * LANE_COUNT)));

// The hashes of 2, 4 and 8 pairs that the next lanes need.
struct TRAIL { VECTOR pairs2, pairs4, pairs8; };

TARGET static inline VECTOR MIX(const uint8_t *pairs) {
    VECTOR product;
    memcpy(&product, pairs, sizeof product);
    product *= (uint16_t)WORD_FACTOR;
    return product ^ product >> 7;
}

// `now`, moved up by `count` lanes, with the highest of `before` below it.
#define LANES_EARLIER(count, before, now) __builtin_shufflevector(before, now, NAME(IOTA, LANE_COUNT)(LANE_COUNT - (count)))

// The hashes of the windows whose last pairs are those at `pairs`.
TARGET static inline VECTOR STEP(struct TRAIL *trail, const uint8_t *pairs) {
    const uint16_t power1 = BASE, power2 = (uint16_t)((uint32_t)power1 * power1);
    const uint16_t power4 = (uint16_t)((uint32_t)power2 * power2), power8 = (uint16_t)((uint32_t)power4 * power4);
    const VECTOR pairs2 = MIX(pairs) + MIX(pairs - 2) * power1;
    const VECTOR pairs4 = pairs2 + LANES_EARLIER(2, trail->pairs2, pairs2) * power2;
    const VECTOR pairs8 = pairs4 + LANES_EARLIER(4, trail->pairs4, pairs4) * power4;
    const VECTOR pairs16 = pairs8 + LANES_EARLIER(8, trail->pairs8, pairs8) * power8;
    *trail = (struct TRAIL){pairs2, pairs4, pairs8};
    return pairs16;
}

TARGET static size_t SCAN(const struct drydock_chunk_rule *rule, const uint8_t *bytes, size_t first, size_t last) {
    const uint16_t mark = rule->mark;
    size_t length = first;
    if (length + 2 * LANE_COUNT <= last + 1) {
        // Filled from the 32 bytes before, or more if the vectors are longer than that.
        struct TRAIL even = {0}, odd = {0};
        for (size_t back = LANE_COUNT == 8 ? 32 : 2 * LANE_COUNT; back > 0; back -= 2 * LANE_COUNT) {
            STEP(&even, bytes + length - back - 2);
            STEP(&odd, bytes + length - back - 1);
        }
        for (; length + 2 * LANE_COUNT <= last + 1; length += 2 * LANE_COUNT) {
            const VECTOR hashes[2] = {STEP(&even, bytes + length - 2), STEP(&odd, bytes + length - 1)};
            const VECTOR marked = (VECTOR)((hashes[0] & mark) == mark) | (VECTOR)((hashes[1] & mark) == mark);
            if (__builtin_expect(__builtin_reduce_or(marked) == 0, 1)) continue;
            for (size_t i = 0; i < 2 * LANE_COUNT; i++) {
                if (has(hashes[i % 2][i / 2], mark) && passes(rule, bytes, length + i)) return length + i;
            }
        }
    }
    for (; length <= last; length++) {
        if (has(hash(bytes + length), mark) && passes(rule, bytes, length)) return length;
    }
    return 0;
}

#undef LANES_EARLIER
#undef SCAN
#undef STEP
#undef MIX
#undef TRAIL
#undef VECTOR
#undef TARGET
#undef LANE_COUNT
