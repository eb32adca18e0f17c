// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import MetadataStore
import ObjectStore
import StorageTypes

/// `drydock stats`
struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a stopped store holds and what that takes.",
        discussion: "Example: drydock stats --data /srv/drydock --json"
    )

    @OptionGroup var flags: OfflineFlags

    private struct Bucket: Encodable {
        var name: String
        var objects: UInt64
        var logicalBytes: UInt64
        var uploads: UInt64
    }

    private struct Report: Encodable {
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
    }

    func run() async throws {
        let (_, parts) = try flags.open()
        defer { parts.metadata.close() }
        let engine = try EngineMaintenance.statistics(metadata: parts.metadata)
        let buckets = try ObjectStoreMaintenance.statistics(metadata: parts.metadata).map {
            Bucket(
                name: $0.name.string,
                objects: $0.objectCount,
                logicalBytes: $0.logicalByteCount,
                uploads: $0.uploadCount
            )
        }
        let report = Report(
            buckets: buckets,
            logicalBytes: engine.logicalByteCount,
            deduplicatedBytes: engine.deduplicatedByteCount,
            compressedBytes: engine.compressedByteCount,
            inlineBytes: engine.inlineByteCount,
            packBytes: engine.packByteCount,
            garbageBytes: engine.garbageByteCount,
            chunks: engine.chunkCount,
            packs: engine.packCount,
            quarantinedFrames: engine.quarantinedFrameCount
        )
        try flags.show(
            report,
            text: buckets.map {
                (
                    "bucket \($0.name)",
                    "\($0.objects) objects, \(OfflineFlags.bytes($0.logicalBytes)), \($0.uploads) uploads"
                )
            } + [
                ("logical", OfflineFlags.bytes(report.logicalBytes)),
                ("deduplicated", OfflineFlags.bytes(report.deduplicatedBytes)),
                ("compressed", OfflineFlags.bytes(report.compressedBytes)),
                ("inline", OfflineFlags.bytes(report.inlineBytes)),
                ("packs", "\(report.packs), \(OfflineFlags.bytes(report.packBytes))"),
                ("garbage", OfflineFlags.bytes(report.garbageBytes)),
            ]
        )
    }
}
