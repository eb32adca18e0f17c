// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "Kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

// Not every compiler's __builtin_cpu_supports knows it.
static bool has_sha(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) && __builtin_cpu_supports("sse4.1");
}
#endif

bool drydock_kernel_available(enum drydock_kernel kernel) {
#if defined(__x86_64__)
    switch (kernel) {
    case drydock_kernel_scalar: return true;
    case drydock_kernel_sse42: return __builtin_cpu_supports("sse4.2");
    case drydock_kernel_pclmul: return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    case drydock_kernel_vpclmul512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq")
            && __builtin_cpu_supports("pclmul");
    case drydock_kernel_avx2: return __builtin_cpu_supports("avx2");
    case drydock_kernel_avx512: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    case drydock_kernel_sha: return has_sha();
    }
    return false;
#else
    return kernel == drydock_kernel_scalar;
#endif
}
