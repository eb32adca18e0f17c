// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import Glibc
import StorageTestSupport
import StorageTypes
import Testing

@Suite(.tags(.durability)) struct `A flipped bit` {
    /// In each file, whole up to 64 bytes. `DRYDOCK_FLIPPED_BITS` asks for more, and seed and file come with each failure.
    private static let bitCount = getenv("DRYDOCK_FLIPPED_BITS").flatMap { Int(String(cString: $0)) } ?? 8

    @Test(arguments: DamagedStore.Ending.allCases)
    func `in any file is found when the store opens, on a read, by the scrub or by the check, or is of no account`(
        ending: DamagedStore.Ending
    ) async throws {
        let seed = SimulationSeeds.range(count: 1).lowerBound
        let store = try await DamagedStore(ending)
        var generator = SeededGenerator(seed: seed)
        for file in try store.files() where file.byteCount > 0 {
            for _ in 0..<Self.bitCount {
                let bit = generator.below(file.byteCount * 8)
                try await expectNotice(store, bit, file, "seed \(seed)")
            }
        }
    }

    /// RocksDB takes the rest of the list, or of the log, for what a loss of power left of a record.
    @Test(arguments: DamagedStore.Ending.allCases)
    func `in the head of any record of a list of files or a log is found`(ending: DamagedStore.Ending) async throws {
        let store = try await DamagedStore(ending)
        for file in try store.files() where file.path.contains("MANIFEST") || file.path.hasSuffix(".log") {
            let bytes = try store.bytes(file.path)
            var offset = 0
            while offset + 7 <= bytes.count {
                for bit in 32..<56 { try await expectNotice(store, offset * 8 + bit, file, "record \(offset)") }
                offset += 7 + Int(bytes[offset + 4]) + Int(bytes[offset + 5]) << 8
            }
        }
    }

    private func expectNotice(
        _ store: DamagedStore,
        _ bit: Int,
        _ file: (path: String, byteCount: Int),
        _ label: String
    ) async throws {
        let outcome = try await store.outcome(flipping: bit, of: file.path)
        let place = "\(label): bit \(bit) of \(file.path), which has \(file.byteCount) bytes: \(outcome)"
        switch outcome {
        case .wrong: Issue.record("\(place)")
        case .unnoticed: #expect(store.isIrrelevant(byte: bit / 8, of: file), "\(place)")
        case .refused, .readFailed, .scrubbed, .checked: break
        }
    }
}
