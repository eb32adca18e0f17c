// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CXXHASH_SHIM_H
#define DRYDOCK_CXXHASH_SHIM_H

// Makes the state types complete, so that Swift can hold an XXH64 state inline.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

// The plain entry points use SSE2 only; these choose AVX2 or AVX-512 at run time. The header's own macros that
// rename the plain functions are left out: Swift does not see macros with arguments.
#if defined(__x86_64__)
#define XXH_DISPATCH_DISABLE_REPLACE 1
#include <xxh_x86dispatch.h>
#endif

static inline XXH64_hash_t drydock_xxh3_64(const void *_Nullable bytes, size_t count) {
#if defined(__x86_64__)
    return XXH3_64bits_dispatch(bytes, count);
#else
    return XXH3_64bits(bytes, count);
#endif
}

static inline void drydock_xxh3_64_update(XXH3_state_t *_Nonnull state, const void *_Nullable bytes, size_t count) {
#if defined(__x86_64__)
    (void)XXH3_64bits_update_dispatch(state, bytes, count);
#else
    (void)XXH3_64bits_update(state, bytes, count);
#endif
}

static inline void drydock_xxh3_128_update(XXH3_state_t *_Nonnull state, const void *_Nullable bytes, size_t count) {
#if defined(__x86_64__)
    (void)XXH3_128bits_update_dispatch(state, bytes, count);
#else
    (void)XXH3_128bits_update(state, bytes, count);
#endif
}

#endif
