// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore

extension MicroBenchmark {
    /// RocksDB as the store configures it; empty if it can't be opened.
    static func metadata(directory: String) -> [MicroBenchmark] {
        guard let store = try? RocksDBMetadataStore.open(directory: directory + "/metadata") else { return [] }
        let keyCount = 100_000
        var fill = MetadataBatch()
        for number in 0..<keyCount { fill.put(.objects, key(number), [UInt8](repeating: 1, count: 120)) }
        guard (try? store.commit(fill)) != nil else { return [] }
        return [
            MicroBenchmark("MetadataStore: durable batch of 32 records", units: 32, "records") { iterations in
                var done: UInt64 = 0
                for turn in 0..<iterations {
                    var batch = MetadataBatch()
                    for number in 0..<32 {
                        batch.put(.versions, key(turn &* 32 &+ number), [UInt8](repeating: 2, count: 120))
                    }
                    if (try? store.commit(batch)) != nil { done += 1 }
                }
                return done
            },
            MicroBenchmark("MetadataStore: cached look-up", units: 1, "keys") { iterations in
                var found: UInt64 = 0
                for turn in 0..<iterations {
                    if case .value? = try? store.getIfCached(.objects, key(turn &* 7_919 % keyCount)) { found += 1 }
                }
                return found
            },
            MicroBenchmark("MetadataStore: cursor over 100,000 keys", units: keyCount, "keys") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations {
                    guard let cursor = try? store.cursor(.objects, from: [], until: nil) else { return 0 }
                    while (try? cursor.next()) == true { sum &+= cursor.withCurrent { key, _ in UInt64(key.count) } }
                }
                return sum
            },
        ]
    }

    private static func key(_ number: Int) -> [UInt8] {
        Array("bucket-1/object-".utf8) + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
