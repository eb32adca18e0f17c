// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import MetadataStore
import ObjectStore
import StorageTypes

/// `drydock stats`
struct Stats: AsyncParsableCommand, StoreVerb {
    static let verbName = "stats"
    static let configuration = CommandConfiguration(
        abstract: "Say what a store holds and what that takes.",
        discussion: "Example: drydock stats --data /srv/drydock --json"
    )

    @OptionGroup var flags: StoreFlags

    struct Bucket: Codable {
        var name: String
        var objects: UInt64
        var logicalBytes: UInt64
        var uploads: UInt64
    }

    struct Report: Codable {
        var buckets: [Bucket]
        var logicalBytes: UInt64
        var deduplicatedBytes: UInt64
        var compressedBytes: UInt64
        var inlineBytes: UInt64
        var packBytes: UInt64
        var garbageBytes: UInt64
        var chunks: UInt64
        var packs: UInt64
        var quarantinedFrames: UInt64

        init(_ statistics: StoreStatistics) {
            let engine = statistics.engine
            buckets = statistics.buckets.map {
                Bucket(
                    name: $0.name.string,
                    objects: $0.objectCount,
                    logicalBytes: $0.logicalByteCount,
                    uploads: $0.uploadCount
                )
            }
            logicalBytes = engine.logicalByteCount
            deduplicatedBytes = engine.deduplicatedByteCount
            compressedBytes = engine.compressedByteCount
            inlineBytes = engine.inlineByteCount
            packBytes = engine.packByteCount
            garbageBytes = engine.garbageByteCount
            chunks = engine.chunkCount
            packs = engine.packCount
            quarantinedFrames = engine.quarantinedFrameCount
        }
    }

    var query: [(name: String, value: String)] { [] }

    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report {
        Report(
            StoreStatistics(
                engine: try EngineMaintenance.statistics(metadata: parts.metadata),
                buckets: try ObjectStoreMaintenance.statistics(metadata: parts.metadata)
            )
        )
    }

    static func run(on store: ObjectStore, _ query: [String: String]) async throws -> Report {
        Report(try await store.statistics())
    }

    func run() async throws {
        let report = try await report(flags)
        try flags.show(
            report,
            text: report.buckets.map {
                (
                    "bucket \($0.name)",
                    "\($0.objects) objects, \(StoreFlags.bytes($0.logicalBytes)), \($0.uploads) uploads"
                )
            } + [
                ("logical", StoreFlags.bytes(report.logicalBytes)),
                ("deduplicated", StoreFlags.bytes(report.deduplicatedBytes)),
                ("compressed", StoreFlags.bytes(report.compressedBytes)),
                ("inline", StoreFlags.bytes(report.inlineBytes)),
                ("packs", "\(report.packs), \(StoreFlags.bytes(report.packBytes))"),
                ("garbage", StoreFlags.bytes(report.garbageBytes)),
            ]
        )
    }
}
