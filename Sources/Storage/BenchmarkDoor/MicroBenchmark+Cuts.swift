// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims

extension MicroBenchmark {
    /// Content-defined cuts with the default sizes, in each way this CPU can find them.
    static func cuts() -> [MicroBenchmark] {
        let content = content(8 << 20)
        let kernels = [
            ("scalar", drydock_kernel_scalar), ("AVX2", drydock_kernel_avx2), ("AVX-512", drydock_kernel_avx512),
        ]
        return kernels.filter { drydock_kernel_available($0.1) }.map { name, kernel in
            MicroBenchmark("Chunker: cuts with \(name), 8 MiB", units: content.count, "B") { iterations in
                (0..<iterations).reduce(0) { sum, _ in sum &+ chunkCount(content, kernel) }
            }
        }
    }

    private static func chunkCount(_ content: [UInt8], _ kernel: drydock_kernel) -> UInt64 {
        var rule = drydock_chunk_rule(
            minimum: 16 << 10,
            normal: 64 << 10,
            maximum: 256 << 10,
            mark: 0xfffc,
            strict_mark: 0xf000
        )
        return content.withUnsafeBufferPointer { bytes in
            var (count, start): (UInt64, Int) = (0, 0)
            while let base = bytes.baseAddress {
                let length = drydock_chunk_length(kernel, &rule, base + start, 0, bytes.count - start)
                guard length > 0 else { break }
                start += length
                count += 1
            }
            return count
        }
    }
}
