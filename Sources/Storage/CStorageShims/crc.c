// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

// One implementation for every reflected CRC of at most 64 bits. A narrower one is a 64-bit state whose upper bits
// are zero, so that tables, folding and tail are shared.
//
// Folding: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009.
// The reduction at the end is left to the tables: 16 bytes that are congruent to everything before them.

#include "ChecksumKernels.h"

#include <string.h>

// Multipliers that move 128 bits of message ahead by `distance` bits.
struct fold {
    uint64_t low;   // x^(distance + 63) mod P, bit-reversed: for the first 8 bytes in memory
    uint64_t high;  // x^(distance - 1) mod P, bit-reversed: for the other 8
};

struct model {
    uint64_t polynomial;  // bit-reversed
    uint64_t ones;        // initial value and final inversion
    struct fold by2048, by512, by384, by256, by128;
    uint64_t table[8][256];  // table[k][b]: what byte b contributes from k bytes before the end
};

static struct model crc32_model = {
    .polynomial = 0xedb88320,
    .ones = UINT32_MAX,
    .by2048 = {0x7cc8e1e700000000, 0x03f9f86300000000},
    .by512 = {0x653d982200000000, 0xcad38e8f00000000},
    .by384 = {0x69ccfc0d00000000, 0x2a28386200000000},
    .by256 = {0x9570d49500000000, 0x01b5fd1d00000000},
    .by128 = {0x65673b4600000000, 0x9ba54c6f00000000},
};

static struct model crc32c_model = {
    .polynomial = 0x82f63b78,
    .ones = UINT32_MAX,
    .by2048 = {0xe9a5d8be00000000, 0x1426a81500000000},
    .by512 = {0x1c19243b00000000, 0x75bba45b00000000},
    .by384 = {0xa46ef4aa00000000, 0x6051243f00000000},
    .by256 = {0x33ccbbbc00000000, 0xa2158b3400000000},
    .by128 = {0x3743f7bd00000000, 0x3171d43000000000},
};

static struct model crc64nvme_model = {
    .polynomial = 0x9a6c9329ac4bc9b5,  // 0xAD93D23594C93659 reversed
    .ones = UINT64_MAX,
    .by2048 = {0x37ccd3e14069cabc, 0xa043808c0f782663},
    .by512 = {0x0c32cdb31e18a84a, 0x62242240ace5045a},
    .by384 = {0xbdd7ac0ee1a4a0f0, 0xa3ffdc1fe8e82a8b},
    .by256 = {0xb0bc2e589204f500, 0xe1e0bb9d45d7a44c},
    .by128 = {0xeadc41fd2ba3d420, 0x21e9761e252621ac},
};

static bool has_sse42, has_pclmul, has_vpclmul512;

static void fill_table(struct model *model) {
    for (int byte = 0; byte < 256; byte++) {
        uint64_t value = (uint64_t)byte;
        for (int bit = 0; bit < 8; bit++) { value = (value >> 1) ^ (value & 1 ? model->polynomial : 0); }
        model->table[0][byte] = value;
    }
    for (int step = 1; step < 8; step++) {
        for (int byte = 0; byte < 256; byte++) {
            uint64_t value = model->table[step - 1][byte];
            model->table[step][byte] = (value >> 8) ^ model->table[0][value & 0xff];
        }
    }
}

// Before main and single-threaded, so that no call pays for a check. Costs about 30 microseconds.
__attribute__((constructor)) static void prepare(void) {
    fill_table(&crc32_model);
    fill_table(&crc32c_model);
    fill_table(&crc64nvme_model);
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_sse42 = drydock_kernel_available(drydock_kernel_sse42);
    has_pclmul = drydock_kernel_available(drydock_kernel_pclmul);
    has_vpclmul512 = drydock_kernel_available(drydock_kernel_vpclmul512);
#endif
}

// The state functions below work on the inverted value.

static uint64_t by_table(const struct model *model, uint64_t state, const uint8_t *bytes, size_t count) {
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word = 0;
        for (int index = 0; index < 8; index++) { word |= (uint64_t)bytes[index] << (8 * index); }
        word ^= state;
        state = model->table[7][word & 0xff] ^ model->table[6][(word >> 8) & 0xff]
            ^ model->table[5][(word >> 16) & 0xff] ^ model->table[4][(word >> 24) & 0xff]
            ^ model->table[3][(word >> 32) & 0xff] ^ model->table[2][(word >> 40) & 0xff]
            ^ model->table[1][(word >> 48) & 0xff] ^ model->table[0][word >> 56];
    }
    for (; count > 0; count--, bytes++) { state = (state >> 8) ^ model->table[0][(state ^ *bytes) & 0xff]; }
    return state;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("sse4.2"))) static uint64_t crc32c_by_instruction(
    uint64_t state, const uint8_t *bytes, size_t count
) {
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    for (; count > 0; count--, bytes++) { state = _mm_crc32_u8((uint32_t)state, *bytes); }
    return state;
}

#define FOLD_TARGET __attribute__((target("pclmul,sse4.1")))
#define WIDE_TARGET __attribute__((target("avx512f,vpclmulqdq,pclmul")))

FOLD_TARGET static inline __m128i multipliers(struct fold fold) {
    return _mm_set_epi64x((long long)fold.high, (long long)fold.low);
}

// `value` moved ahead by the distance of `by`, onto `next`.
FOLD_TARGET static inline __m128i folded(__m128i value, __m128i by, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(value, by, 0x00);
    __m128i high = _mm_clmulepi64_si128(value, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

FOLD_TARGET static inline __m128i load(const uint8_t *bytes) {
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

// Folds four neighbouring vectors and what is left of the message into one, then lets the table reduce it.
FOLD_TARGET static uint64_t finish(
    const struct model *model, __m128i v0, __m128i v1, __m128i v2, __m128i v3, const uint8_t *bytes, size_t count
) {
    __m128i value = folded(v0, multipliers(model->by384), v3);
    value = folded(v1, multipliers(model->by256), value);
    __m128i by128 = multipliers(model->by128);
    value = folded(v2, by128, value);
    for (; count >= 16; count -= 16, bytes += 16) { value = folded(value, by128, load(bytes)); }
    uint8_t rest[16];
    _mm_storeu_si128((__m128i *)(void *)rest, value);
    return by_table(model, by_table(model, 0, rest, sizeof rest), bytes, count);
}

// At least 64 bytes.
FOLD_TARGET static uint64_t by_pclmul(
    const struct model *model, uint64_t state, const uint8_t *bytes, size_t count
) {
    __m128i v0 = _mm_xor_si128(load(bytes), _mm_set_epi64x(0, (long long)state));
    __m128i v1 = load(bytes + 16), v2 = load(bytes + 32), v3 = load(bytes + 48);
    __m128i by512 = multipliers(model->by512);
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
        v0 = folded(v0, by512, load(bytes));
        v1 = folded(v1, by512, load(bytes + 16));
        v2 = folded(v2, by512, load(bytes + 32));
        v3 = folded(v3, by512, load(bytes + 48));
    }
    return finish(model, v0, v1, v2, v3, bytes, count);
}

WIDE_TARGET static inline __m512i wide_folded(__m512i value, __m512i by, __m512i next) {
    __m512i low = _mm512_clmulepi64_epi128(value, by, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(value, by, 0x11);
    return _mm512_ternarylogic_epi64(low, high, next, 0x96);  // the exclusive or of three
}

// At least 256 bytes.
WIDE_TARGET static uint64_t by_vpclmul512(
    const struct model *model, uint64_t state, const uint8_t *bytes, size_t count
) {
    __m512i first = _mm512_zextsi128_si512(_mm_set_epi64x(0, (long long)state));
    __m512i v0 = _mm512_xor_si512(_mm512_loadu_si512(bytes), first);
    __m512i v1 = _mm512_loadu_si512(bytes + 64);
    __m512i v2 = _mm512_loadu_si512(bytes + 128);
    __m512i v3 = _mm512_loadu_si512(bytes + 192);
    __m512i by2048 = _mm512_broadcast_i32x4(multipliers(model->by2048));
    for (bytes += 256, count -= 256; count >= 256; bytes += 256, count -= 256) {
        v0 = wide_folded(v0, by2048, _mm512_loadu_si512(bytes));
        v1 = wide_folded(v1, by2048, _mm512_loadu_si512(bytes + 64));
        v2 = wide_folded(v2, by2048, _mm512_loadu_si512(bytes + 128));
        v3 = wide_folded(v3, by2048, _mm512_loadu_si512(bytes + 192));
    }
    __m512i by512 = _mm512_broadcast_i32x4(multipliers(model->by512));
    __m512i value = wide_folded(v0, by512, v1);
    value = wide_folded(value, by512, v2);
    value = wide_folded(value, by512, v3);
    for (; count >= 64; bytes += 64, count -= 64) { value = wide_folded(value, by512, _mm512_loadu_si512(bytes)); }
    return finish(
        model, _mm512_castsi512_si128(value), _mm512_extracti32x4_epi32(value, 1),
        _mm512_extracti32x4_epi32(value, 2), _mm512_extracti32x4_epi32(value, 3), bytes, count
    );
}
#endif

static uint64_t advance(
    enum drydock_kernel kernel, const struct model *model, uint64_t crc, const void *bytes, size_t count
) {
    if (count == 0) { return crc; }
    uint64_t state = crc ^ model->ones;
#if defined(__x86_64__)
    if (kernel == drydock_kernel_vpclmul512 && count >= 256) {
        return by_vpclmul512(model, state, bytes, count) ^ model->ones;
    }
    if (kernel == drydock_kernel_pclmul && count >= 64) { return by_pclmul(model, state, bytes, count) ^ model->ones; }
    if (kernel == drydock_kernel_sse42 && model == &crc32c_model) {
        return crc32c_by_instruction(state, bytes, count) ^ model->ones;
    }
#endif
    return by_table(model, state, bytes, count) ^ model->ones;
}

// Below these sizes the set-up and the tail of the wider kernel cost more than it saves.
static enum drydock_kernel best(size_t count) {
    if (has_vpclmul512 && count >= 512) { return drydock_kernel_vpclmul512; }
    if (has_pclmul && count >= 128) { return drydock_kernel_pclmul; }
    return drydock_kernel_scalar;
}

uint32_t drydock_crc32_with(enum drydock_kernel kernel, uint32_t crc, const void *bytes, size_t count) {
    return (uint32_t)advance(kernel, &crc32_model, crc, bytes, count);
}

uint32_t drydock_crc32c_with(enum drydock_kernel kernel, uint32_t crc, const void *bytes, size_t count) {
    return (uint32_t)advance(kernel, &crc32c_model, crc, bytes, count);
}

uint64_t drydock_crc64nvme_with(enum drydock_kernel kernel, uint64_t crc, const void *bytes, size_t count) {
    return advance(kernel, &crc64nvme_model, crc, bytes, count);
}

uint32_t drydock_crc32(uint32_t crc, const void *bytes, size_t count) {
    return drydock_crc32_with(best(count), crc, bytes, count);
}

uint32_t drydock_crc32c(uint32_t crc, const void *bytes, size_t count) {
    enum drydock_kernel kernel = best(count);
    if (kernel == drydock_kernel_scalar && has_sse42) { kernel = drydock_kernel_sse42; }
    return drydock_crc32c_with(kernel, crc, bytes, count);
}

uint64_t drydock_crc64nvme(uint64_t crc, const void *bytes, size_t count) {
    return drydock_crc64nvme_with(best(count), crc, bytes, count);
}
