// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import MetadataStore
import ObjectStore

/// `drydock gc`
struct CollectGarbage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Give back the space of what was deleted, on a stopped store.",
        discussion:
            "Example: drydock gc --data /srv/drydock --dry-run\n\nA crash meanwhile loses nothing; run it again."
    )

    @OptionGroup var flags: OfflineFlags
    @Flag(help: "Only say what would happen.") var dryRun = false
    @Option(help: "Rewrite packs with more garbage than this, in percent; 0 gives everything back.")
    var minGarbage = 20

    func validate() throws {
        guard (0...100).contains(minGarbage) else { throw ValidationError("--min-garbage is a percentage, 0 to 100") }
    }

    private struct Report: Encodable {
        var dryRun: Bool
        var reclaimedContents: UInt64
        var reclaimedChunks: UInt64
        var compactedPacks: UInt64
        var deletedPacks: UInt64
        var reclaimedBytes: Int64
        var remainingGarbageBytes: UInt64
        var damagedFrames: UInt64
    }

    func run() async throws {
        let (_, parts) = try flags.open()
        defer { parts.metadata.close() }
        var policy = GarbagePolicy()
        policy.rewriteShareMin = Double(minGarbage) / 100
        let result = try await EngineMaintenance.collectGarbage(
            parts.configuration.engine,
            fileSystem: parts.fileSystem,
            metadata: parts.metadata,
            clock: parts.clock,
            policy: policy,
            dryRun: dryRun
        )
        let report = Report(
            dryRun: dryRun,
            reclaimedContents: result.contentCount,
            reclaimedChunks: result.chunkCount,
            compactedPacks: result.compactedPackCount,
            deletedPacks: result.deletedPackCount,
            reclaimedBytes: result.freedByteCount,
            remainingGarbageBytes: result.remainingGarbageByteCount,
            damagedFrames: result.damagedFrameCount
        )
        try flags.show(
            report,
            text: [
                ("contents reclaimed", "\(report.reclaimedContents)"),
                ("chunks reclaimed", "\(report.reclaimedChunks)"),
                ("packs rewritten", "\(report.compactedPacks)"), ("packs deleted", "\(report.deletedPacks)"),
                ("bytes freed", "\(report.reclaimedBytes)"),
                ("garbage left", OfflineFlags.bytes(report.remainingGarbageBytes)),
            ]
        )
    }
}
