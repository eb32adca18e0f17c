// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import Logging
import MetadataStore
import ObjectStore

/// `drydock gc`
struct CollectGarbage: AsyncParsableCommand, StoreVerb {
    static let verbName = "gc"
    static let configuration = CommandConfiguration(
        commandName: verbName,
        abstract: "Give back the space of what was deleted.",
        discussion: """
            Example: drydock gc --data /srv/drydock --dry-run

            A running server does this by itself every few seconds, with packs that are half garbage, and joins the parts of
            uploads, and compresses again, better and slowly, what was written ten minutes ago. Stopped or running, a crash meanwhile loses nothing.
            """
    )

    @OptionGroup var flags: StoreFlags
    @Flag(help: "Only say what would happen.") var dryRun = false
    @Option(help: "Rewrite packs with more garbage than this, in percent; 0 gives everything back.")
    var minGarbage = 20
    @Flag(help: "Join the parts of uploads and compress again, at once and better, what was not yet.") var recompress =
        false

    struct Report: Codable {
        var dryRun: Bool
        var joinedUploads: UInt64
        var reclaimedContents: UInt64
        var reclaimedChunks: UInt64
        var postponedContents: UInt64
        var compactedPacks: UInt64
        var recompressedPacks: UInt64
        var savedBytes: UInt64
        var deletedPacks: UInt64
        var holeBytes: UInt64
        var inlineBytes: UInt64
        var reclaimedBytes: Int64
        var remainingGarbageBytes: UInt64
        var damagedFrames: UInt64

        init(_ result: GCReport, dryRun: Bool) {
            self.dryRun = dryRun
            joinedUploads = result.joinedContentCount
            reclaimedContents = result.contentCount
            reclaimedChunks = result.chunkCount
            postponedContents = result.postponedContentCount
            compactedPacks = result.compactedPackCount
            recompressedPacks = result.recompressedPackCount
            savedBytes = result.savedByteCount
            deletedPacks = result.deletedPackCount
            holeBytes = result.holeByteCount
            inlineBytes = result.inlineByteCount
            reclaimedBytes = result.freedByteCount
            remainingGarbageBytes = result.remainingGarbageByteCount
            damagedFrames = result.damagedFrameCount
        }
    }

    func validate() throws {
        guard (0...100).contains(minGarbage) else { throw ValidationError("--min-garbage is a percentage, 0 to 100") }
    }

    var query: [(name: String, value: String)] {
        [("dry-run", "\(dryRun)"), ("min-garbage", "\(minGarbage)"), ("recompress", "\(recompress)")]
    }

    private static func policy(_ minGarbage: Int, recompresses: Bool) -> GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = Double(minGarbage) / 100
        policy.joinsParts = recompresses
        if recompresses { policy.recompressIdleSecondsMin = 0 }
        return policy
    }

    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report {
        let result = try await EngineMaintenance.collectGarbage(
            parts.configuration.engine,
            fileSystem: parts.fileSystem,
            metadata: parts.metadata,
            clock: parts.clock,
            policy: Self.policy(minGarbage, recompresses: recompress),
            dryRun: dryRun
        )
        return Report(result, dryRun: dryRun)
    }

    static func run(on store: ObjectStore, _ query: [String: String], _: Logger) async throws -> Report {
        let minGarbage = query["min-garbage"].flatMap { Int($0) } ?? 20
        var policy = policy(minGarbage, recompresses: query["recompress"] == "true")
        // Others use the store.
        policy.entryCountPerCommit = GarbagePolicy.background.entryCountPerCommit
        policy.moveByteCount = GarbagePolicy.background.moveByteCount
        policy.scanByteRateMax = GarbagePolicy.background.scanByteRateMax
        let isDry = query["dry-run"] == "true"
        let result =
            isDry
            ? try await store.estimateGarbage(policy)
            : try await store.collectGarbage(policy) { try? await Task.sleep(for: $0) }
        return Report(result, dryRun: isDry)
    }

    func run() async throws {
        let report = try await report(flags)
        try flags.show(
            report,
            text: [
                ("uploads joined", "\(report.joinedUploads)"), ("contents reclaimed", "\(report.reclaimedContents)"),
                ("chunks reclaimed", "\(report.reclaimedChunks)"),
                ("contents still in use", "\(report.postponedContents)"),
                ("packs rewritten", "\(report.compactedPacks)"), ("packs deleted", "\(report.deletedPacks)"),
                ("packs recompressed", "\(report.recompressedPacks)"),
                ("bytes saved by that", "\(report.savedBytes)"),
                ("bytes freed", "\(report.reclaimedBytes)"),
                ("garbage left, or holes already", StoreFlags.bytes(report.remainingGarbageBytes)),
            ] + (report.damagedFrames == 0 ? [] : [("damaged frames left in place", "\(report.damagedFrames)")])
        )
    }
}
