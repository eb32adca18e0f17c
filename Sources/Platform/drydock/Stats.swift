// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import Logging
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
        var deduplicatedBytes: UInt64
        var compressedBytes: UInt64
        /// What would come back if the bucket went.
        var exclusiveBytes: UInt64
        var uploads: UInt64
        var uploadBytes: UInt64
        /// Of the deduplicated, compressed and exclusive bytes; 0 when they are exact.
        var relativeError: Double

        init(_ bucket: BucketStatistics) {
            name = bucket.name.string
            objects = bucket.objectCount
            logicalBytes = bucket.logicalByteCount
            deduplicatedBytes = bucket.holdings.deduplicatedByteCount
            compressedBytes = bucket.holdings.compressedByteCount
            exclusiveBytes = bucket.holdings.exclusiveByteCount
            uploads = bucket.uploadCount
            uploadBytes = bucket.uploadByteCount
            relativeError = bucket.holdings.relativeError
        }

        var text: String {
            let isExact = relativeError == 0
            let error = isExact ? "" : " (± \((relativeError * 1_000).rounded() / 10) %)"
            return "\(objects) objects, \(StoreFlags.bytes(logicalBytes)), "
                + "deduplicated \(StoreFlags.bytes(deduplicatedBytes)), "
                + "compressed \(StoreFlags.bytes(compressedBytes)), its own \(StoreFlags.bytes(exclusiveBytes))\(error), "
                + "\(uploads) uploads with \(StoreFlags.bytes(uploadBytes))"
        }
    }

    struct Report: Codable {
        var buckets: [Bucket]
        var logicalBytes: UInt64
        var deduplicatedBytes: UInt64
        var compressedBytes: UInt64
        var inlineBytes: UInt64
        var packBytes: UInt64
        var garbageBytes: UInt64
        /// Of chunks that were deleted and not collected yet, or are being uploaded.
        var waitingBytes: UInt64
        var chunks: UInt64
        var packs: UInt64
        var quarantinedFrames: UInt64

        init(_ statistics: StoreStatistics) {
            let engine = statistics.engine
            buckets = statistics.buckets.map(Bucket.init)
            logicalBytes = engine.logicalByteCount
            deduplicatedBytes = engine.deduplicatedByteCount
            compressedBytes = engine.compressedByteCount
            inlineBytes = statistics.inlineByteCount
            packBytes = engine.packByteCount
            garbageBytes = engine.garbageByteCount
            waitingBytes = statistics.waitingByteCount
            chunks = engine.chunkCount
            packs = engine.packCount
            quarantinedFrames = engine.quarantinedFrameCount
        }
    }

    var query: [(name: String, value: String)] { [] }

    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report {
        Report(try ObjectStoreMaintenance.statistics(metadata: parts.metadata))
    }

    static func run(on store: ObjectStore, _ query: [String: String], _: Logger) async throws -> Report {
        Report(try await store.statistics())
    }

    func run() async throws {
        let report = try await report(flags)
        try flags.show(
            report,
            text: report.buckets.map { ("bucket \($0.name)", $0.text) } + [
                ("logical", StoreFlags.bytes(report.logicalBytes)),
                ("deduplicated", StoreFlags.bytes(report.deduplicatedBytes)),
                ("compressed", StoreFlags.bytes(report.compressedBytes)),
                ("inline", StoreFlags.bytes(report.inlineBytes)),
                ("packs", "\(report.packs), \(StoreFlags.bytes(report.packBytes))"),
                ("garbage, holes included", StoreFlags.bytes(report.garbageBytes)),
                ("waiting for collection", StoreFlags.bytes(report.waitingBytes)),
            ]
        )
    }
}
