// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

// MD5 (RFC 1321) of 8 or 16 independent streams at once. One stream is a chain of dependent additions that leaves
// most of a core idle; the same instructions on vectors do every lane in the time of one.

#include "ChecksumKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2_TARGET __attribute__((target("avx2")))
#define AVX512_TARGET __attribute__((target("avx512f")))

// One step: a = b + rotate(a + f + word + constant, count). FF, GG, HH and II are the functions of the RFC's rounds.
// The sum of everything but `f` does not depend on the step before, so it comes first. The empty assembly keeps the
// compiler from adding in another order, which made the chain from step to step one addition longer.
#define STEP(f, a, b, c, d, word, count, constant) \
    a = ADD(a, ADD(word, SET(constant))); \
    __asm__("" : "+v"(a)); \
    a = ADD(a, f(b, c, d)); \
    a = ADD(ROTATE(a, count), b);

#define ROUND4(f, i, j, k, l, r, s, t, u, p, q, v, w) \
    STEP(f, a, b, c, d, m[i], r, p) \
    STEP(f, d, a, b, c, m[j], s, q) \
    STEP(f, c, d, a, b, m[k], t, v) \
    STEP(f, b, c, d, a, m[l], u, w)

#define ALL_ROUNDS \
    ROUND4(FF, 0, 1, 2, 3, 7, 12, 17, 22, 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee) \
    ROUND4(FF, 4, 5, 6, 7, 7, 12, 17, 22, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501) \
    ROUND4(FF, 8, 9, 10, 11, 7, 12, 17, 22, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be) \
    ROUND4(FF, 12, 13, 14, 15, 7, 12, 17, 22, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821) \
    ROUND4(GG, 1, 6, 11, 0, 5, 9, 14, 20, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa) \
    ROUND4(GG, 5, 10, 15, 4, 5, 9, 14, 20, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8) \
    ROUND4(GG, 9, 14, 3, 8, 5, 9, 14, 20, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed) \
    ROUND4(GG, 13, 2, 7, 12, 5, 9, 14, 20, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a) \
    ROUND4(HH, 5, 8, 11, 14, 4, 11, 16, 23, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c) \
    ROUND4(HH, 1, 4, 7, 10, 4, 11, 16, 23, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70) \
    ROUND4(HH, 13, 0, 3, 6, 4, 11, 16, 23, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05) \
    ROUND4(HH, 9, 12, 15, 2, 4, 11, 16, 23, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665) \
    ROUND4(II, 0, 7, 14, 5, 6, 10, 15, 21, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039) \
    ROUND4(II, 12, 3, 10, 1, 6, 10, 15, 21, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1) \
    ROUND4(II, 8, 15, 6, 13, 6, 10, 15, 21, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1) \
    ROUND4(II, 4, 11, 2, 9, 6, 10, 15, 21, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391)

// AVX2, 8 lanes.

// Eight lanes' worth of eight words: in, one vector per lane; out, one vector per word.
AVX2_TARGET static inline void transpose8(__m256i v[8]) {
    __m256i pairs[8], quads[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        quads[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x20);
        v[i + 4] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x31);
    }
}

#define ADD _mm256_add_epi32
#define SET(constant) _mm256_set1_epi32((int)(constant))
#define ROTATE(x, count) _mm256_or_si256(_mm256_slli_epi32(x, count), _mm256_srli_epi32(x, 32 - (count)))
#define XOR _mm256_xor_si256
#define FF(x, y, z) XOR(z, _mm256_and_si256(x, XOR(y, z)))
#define GG(x, y, z) XOR(y, _mm256_and_si256(z, XOR(x, y)))
#define HH(x, y, z) XOR(x, XOR(y, z))
#define II(x, y, z) XOR(y, _mm256_or_si256(x, XOR(z, ones)))

AVX2_TARGET void drydock_md5_avx2_x8(uint32_t states[8][4], const uint8_t *const bytes[8], size_t block_count) {
    uint32_t words[4][8];
    for (int lane = 0; lane < 8; lane++) {
        for (int word = 0; word < 4; word++) { words[word][lane] = states[lane][word]; }
    }
    __m256i a = _mm256_loadu_si256((const void *)words[0]), b = _mm256_loadu_si256((const void *)words[1]);
    __m256i c = _mm256_loadu_si256((const void *)words[2]), d = _mm256_loadu_si256((const void *)words[3]);
    const __m256i ones = _mm256_set1_epi32(-1);
    for (size_t block = 0; block < block_count; block++) {
        __m256i m[16];
        for (int lane = 0; lane < 8; lane++) {
            m[lane] = _mm256_loadu_si256((const void *)(bytes[lane] + 64 * block));
            m[lane + 8] = _mm256_loadu_si256((const void *)(bytes[lane] + 64 * block + 32));
        }
        transpose8(m);
        transpose8(m + 8);
        __m256i a0 = a, b0 = b, c0 = c, d0 = d;
        ALL_ROUNDS
        a = ADD(a, a0);
        b = ADD(b, b0);
        c = ADD(c, c0);
        d = ADD(d, d0);
    }
    _mm256_storeu_si256((void *)words[0], a);
    _mm256_storeu_si256((void *)words[1], b);
    _mm256_storeu_si256((void *)words[2], c);
    _mm256_storeu_si256((void *)words[3], d);
    for (int lane = 0; lane < 8; lane++) {
        for (int word = 0; word < 4; word++) { states[lane][word] = words[word][lane]; }
    }
}

#undef ADD
#undef SET
#undef ROTATE
#undef XOR
#undef FF
#undef GG
#undef HH
#undef II

// AVX-512, 16 lanes: rotation and every round function are one instruction each.

AVX512_TARGET static inline void transpose16(__m512i v[16]) {
    __m512i pairs[16], quads[16];
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    // quads[i + j], i = 4 × group of lanes: 128-bit piece k holds word 4k + j of the group's four lanes.
    for (int i = 0; i < 16; i += 4) {
        quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    // A 4 × 4 transposition of 128-bit pieces for each j.
    for (int j = 0; j < 4; j++) {
        __m512i low01 = _mm512_shuffle_i32x4(quads[j], quads[j + 4], 0x88);
        __m512i high01 = _mm512_shuffle_i32x4(quads[j], quads[j + 4], 0xdd);
        __m512i low23 = _mm512_shuffle_i32x4(quads[j + 8], quads[j + 12], 0x88);
        __m512i high23 = _mm512_shuffle_i32x4(quads[j + 8], quads[j + 12], 0xdd);
        v[j] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        v[j + 8] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
        v[j + 4] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        v[j + 12] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
    }
}

#define ADD _mm512_add_epi32
#define SET(constant) _mm512_set1_epi32((int)(constant))
#define ROTATE(x, count) _mm512_rol_epi32(x, count)
#define FF(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)  // x ? y : z
#define GG(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe4)  // z ? x : y
#define HH(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)  // x ^ y ^ z
#define II(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x39)  // y ^ (x | ~z)

AVX512_TARGET void drydock_md5_avx512_x16(
    uint32_t states[16][4], const uint8_t *const bytes[16], size_t block_count
) {
    uint32_t words[4][16];
    for (int lane = 0; lane < 16; lane++) {
        for (int word = 0; word < 4; word++) { words[word][lane] = states[lane][word]; }
    }
    __m512i a = _mm512_loadu_si512(words[0]), b = _mm512_loadu_si512(words[1]);
    __m512i c = _mm512_loadu_si512(words[2]), d = _mm512_loadu_si512(words[3]);
    for (size_t block = 0; block < block_count; block++) {
        __m512i m[16];
        for (int lane = 0; lane < 16; lane++) { m[lane] = _mm512_loadu_si512(bytes[lane] + 64 * block); }
        transpose16(m);
        __m512i a0 = a, b0 = b, c0 = c, d0 = d;
        ALL_ROUNDS
        a = ADD(a, a0);
        b = ADD(b, b0);
        c = ADD(c, c0);
        d = ADD(d, d0);
    }
    _mm512_storeu_si512(words[0], a);
    _mm512_storeu_si512(words[1], b);
    _mm512_storeu_si512(words[2], c);
    _mm512_storeu_si512(words[3], d);
    for (int lane = 0; lane < 16; lane++) {
        for (int word = 0; word < 4; word++) { states[lane][word] = words[word][lane]; }
    }
}
#else
#include <stdlib.h>

// Never available, hence never called, on other architectures.
void drydock_md5_avx2_x8(uint32_t states[8][4], const uint8_t *const bytes[8], size_t block_count) { abort(); }
void drydock_md5_avx512_x16(uint32_t states[16][4], const uint8_t *const bytes[16], size_t block_count) { abort(); }
#endif
