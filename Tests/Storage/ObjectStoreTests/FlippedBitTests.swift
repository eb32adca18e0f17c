// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import Foundation
import Glibc
import ObjectStore
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

    /// RocksDB reads the value with the key, so a walk over the small ones ends at a damaged one.
    @Test func `in small objects hides neither their names nor other damage`() async throws {
        let directory = TemporaryDirectory()
        let names = (0..<20).map { "small/\($0)" }
        try await StoreOnDisk.with(directory) { store, _ in
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            for (index, name) in names.enumerated() { try await store.put(name, content(8_000, seed: UInt64(index))) }
            try await store.put("large", content(90_000, seed: 99))
        }
        for file in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        where file.hasSuffix(".blob") || file.hasSuffix(".pack") {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: directory.file(file)))
            for seed in [0, 7, 8, 19, 99] {
                guard let place = bytes.firstRange(of: content(8_000, seed: UInt64(seed))[4_000..<4_032]) else {
                    continue
                }
                bytes[place.lowerBound] ^= 1
            }
            try bytes.write(to: URL(fileURLWithPath: directory.file(file)))
        }
        let expected = Set(["large", "small/0", "small/19", "small/7", "small/8"])
        try await StoreOnDisk.with(directory) { store, metadata in
            let scrub = try await store.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
            #expect(scrub.isComplete && scrub.findingCount == 5 && scrub.inlineCount == 20)
            #expect(Set(try await store.affected(by: scrub.findings).compactMap(\.objectKey)) == expected)
            let running = try await store.fsck { _ in }
            #expect(Set(running.objects.problems.compactMap(\.objectKey)) == expected)
            let stopped = try ObjectStoreMaintenance.fsck(
                store.configuration,
                fileSystem: LinuxFileSystem(),
                metadata: metadata
            )
            #expect(Set(stopped.objects.problems.compactMap(\.objectKey)) == expected)
            #expect(stopped.engine.problemCount == 5 && running.engine.problemCount == 5)
        }
    }

    /// In a table whose keys go with it.
    @Test func `in a table of the metadata hides no other damage`() async throws {
        let directory = TemporaryDirectory()
        try await StoreOnDisk.with(directory) { store, _ in
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            for index in 0..<20 { try await store.put("small/\(index)", content(8_000, seed: UInt64(index))) }
            try await store.put("large", content(90_000, seed: 99))
        }
        for file in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        where file.hasSuffix(".sst") || file.hasSuffix(".pack") {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: directory.file(file)))
            let mark = file.hasSuffix(".sst") ? Array("small/".utf8)[...] : content(90_000, seed: 99)[4_000..<4_032]
            guard let place = bytes.firstRange(of: mark) else { continue }
            bytes[place.lowerBound] ^= 1
            try bytes.write(to: URL(fileURLWithPath: directory.file(file)))
        }
        try await StoreOnDisk.with(directory) { store, metadata in
            let scrub = try await store.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
            #expect(scrub.isComplete && scrub.findingCount == 2, "\(scrub.findings)")
            let report = try ObjectStoreMaintenance.fsck(
                store.configuration,
                fileSystem: LinuxFileSystem(),
                metadata: metadata
            )
            let problems = report.engine.problems.map(\.description)
            #expect(problems.count == 2 && problems.contains { $0.hasPrefix("chunk ") }, "\(problems)")
            #expect(problems.contains { $0.contains(".sst") })
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

extension ObjectProblem {
    fileprivate var objectKey: String? {
        if case .object(_, let key) = subject { key } else { nil }
    }
}
