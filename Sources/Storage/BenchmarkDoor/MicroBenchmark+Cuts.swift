// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import ChunkEngine

extension MicroBenchmark {
    /// Cuts with the default sizes, in each way this CPU can find them; and what looking for tar headers costs at worst.
    static func cuts() -> [MicroBenchmark] {
        let content = content(8 << 20)
        let kernels = [
            ("scalar", drydock_kernel_scalar), ("AVX2", drydock_kernel_avx2), ("AVX-512", drydock_kernel_avx512),
        ]
        return kernels.filter { drydock_kernel_available($0.1) }.map { name, kernel in
            cuts("cuts with \(name)", content, kernel)
        } + [cuts("cuts of nothing but tar headers", [UInt8](headers(content.count)), nil)]
    }

    private static func cuts(_ name: String, _ content: [UInt8], _ kernel: drydock_kernel?) -> MicroBenchmark {
        MicroBenchmark("Chunker: \(name), 8 MiB", units: content.count, "B") { iterations in
            (0..<iterations).reduce(0) { sum, _ in
                var chunker = kernel.map { Chunker(ChunkSizes(), kernel: $0) } ?? Chunker(ChunkSizes())
                return sum &+ chunkCount(content, &chunker)
            }
        }
    }

    private static func chunkCount(_ content: [UInt8], _ chunker: inout Chunker) -> UInt64 {
        content.withUnsafeBytes { bytes in
            var (count, start): (UInt64, Int) = (0, 0)
            while let length = chunker.length(.init(rebasing: bytes[start...]), isLast: true) {
                start += length
                count += 1
            }
            return count
        }
    }

    /// Of empty files.
    private static func headers(_ byteCount: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        header.replaceSubrange(148..<156, with: "001457 \0".utf8)
        header.replaceSubrange(257..<262, with: "ustar".utf8)
        return (0..<byteCount).map { header[$0 % 512] }
    }
}
