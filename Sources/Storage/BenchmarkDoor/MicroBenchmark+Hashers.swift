// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

extension MicroBenchmark {
    static func hashers() -> [MicroBenchmark] {
        let block = content(1 << 20)
        var suites = [
            MicroBenchmark("Checksums: XXH3-64, 1 MiB", units: block.count, "B") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations { sum &+= XXH3.hash64(block) }
                return sum
            },
            MicroBenchmark("Checksums: SHA-256, 1 MiB", units: block.count, "B") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations { sum &+= SHA256.hash(block).words.0 }
                return sum
            },
            MicroBenchmark("Checksums: MD5 of one stream, 1 MiB", units: block.count, "B") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations { sum &+= UInt64(MD5.hash(block)[0]) }
                return sum
            },
        ]
        for algorithm in [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme] {
            suites.append(
                MicroBenchmark("Checksums: \(algorithm.name), 1 MiB", units: block.count, "B") { iterations in
                    var sum: UInt64 = 0
                    for _ in 0..<iterations { sum &+= UInt64(RunningChecksum.hash(algorithm, block)[0]) }
                    return sum
                }
            )
        }
        return suites
    }
}
