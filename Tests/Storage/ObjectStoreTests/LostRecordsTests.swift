// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Foundation
import MetadataStore
import FileStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// A store on a real drive whose metadata log is damaged in the middle, from the damage to the day that its remains go.
@Suite(.tags(.durability)) struct `When records are lost with the log` {
    private let directory = TemporaryDirectory()

    private func packs() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("packs"))
        return Dictionary(
            uniqueKeysWithValues: try names.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: directory.file("packs/" + $0))))
            }
        )
    }

    private func damageLog() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("metadata")).sorted()
        let log = try #require(names.last { $0.hasSuffix(".log") })
        let file = try LinuxFileSystem().open(directory.file("metadata/" + log), .readWrite)
        try [0x55, 0xAA, 0x55].withUnsafeBytes { try file.write($0, at: try file.size() / 2) }
    }

    @Test func `with all of the metadata, nothing begins anew over the packs`() async throws {
        try await StoreOnDisk.with(directory) { store, _ in
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            try await store.put("a", content(40_000, seed: 1))
        }
        let before = try packs()
        #expect(before.count == 1)
        try FileManager.default.moveItem(atPath: directory.file("metadata"), toPath: directory.file("aside"))
        await #expect(throws: StoreError(.unavailable)) { try await StoreOnDisk.with(directory) { _, _ in } }
        #expect(try packs() == before)
        try FileManager.default.removeItem(atPath: directory.file("metadata"))
        try FileManager.default.moveItem(atPath: directory.file("aside"), toPath: directory.file("metadata"))
        try await StoreOnDisk.with(directory) { store, _ in
            let bytes = try await store.get("a")
            #expect(bytes == content(40_000, seed: 1))
        }
    }

    @Test func `no byte of a pack is touched until somebody says so`() async throws {
        try await StoreOnDisk.with(directory) { store, _ in
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            try await store.put("old", content(40_000, seed: 1))
        }
        try await StoreOnDisk.with(directory, stopping: false) { store, _ in
            for index in 0..<40 { try await store.put("new\(index)", content(40_000, seed: UInt64(10 + index))) }
        }
        try damageLog()
        let before = try packs()
        // Whoever opens the store first, the next one knows.
        try StoreOnDisk.openMetadata(directory).close()
        var survivors: [String] = []
        for round in 0..<2 {
            try await StoreOnDisk.with(directory) { store, metadata in
                #expect(store.keepsUnknown && store.damageAtStart == [.keptLogs])
                survivors = try await store.keys()
                #expect(survivors.count > 1 && survivors.count < 41 + round)
                for index in 0..<40 where survivors.contains("new\(index)") {
                    #expect(try await store.get("new\(index)") == content(40_000, seed: UInt64(10 + index)))
                }
                try await store.put("later\(round)", content(40_000, seed: UInt64(100 + round)))
                try await store.delete("old")
                await #expect(throws: StoreError(.unavailable)) {
                    try await store.collectGarbage(GarbagePolicy()) { _ in }
                }
            }
            for (name, bytes) in before { #expect(try packs()[name] == bytes, "round \(round): \(name)") }
        }
        try FileManager.default.moveItem(atPath: directory.file("kept"), toPath: directory.file("elsewhere"))
        try await StoreOnDisk.with(directory) { store, metadata in
            #expect(store.damageAtStart.isEmpty)
            var policy = GarbagePolicy()
            policy.rewriteShareMin = 0
            _ = try await store.collectGarbage(policy) { _ in }
            #expect(try await store.get("later1") == content(40_000, seed: 101))
            let report = try ObjectStoreMaintenance.fsck(
                store.configuration,
                fileSystem: LinuxFileSystem(),
                metadata: metadata
            )
            #expect(report.isClean, "\(report.engine.problems) \(report.objects.problems)")
        }
    }
}
