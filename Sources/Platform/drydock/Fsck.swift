// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import MetadataStore
import ObjectStore

/// `drydock fsck`
struct Fsck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a stopped store: every record, every reference count and every stored chunk.",
        discussion:
            "Example: drydock fsck --data /srv/drydock --json\n\nThe exit status is 1 when anything is wrong. On a running store use drydock scrub."
    )

    @OptionGroup var flags: StoreFlags

    private struct Report: Encodable {
        var clean: Bool
        var problems: [String]
        var objects: UInt64
        var uploads: UInt64
        var chunks: UInt64
        var packs: UInt64
        var verifiedBytes: UInt64
        var garbageBytes: UInt64
    }

    func run() async throws {
        let (directory, parts) = try flags.open(try flags.load())
        defer { parts.metadata.close() }
        let result = try ObjectStoreMaintenance.fsck(
            parts.configuration,
            fileSystem: parts.fileSystem,
            metadata: parts.metadata
        )
        let problems = result.engine.problems.map(\.description) + result.objects.problems.map(\.description)
        let report = Report(
            clean: result.isClean,
            problems: problems,
            objects: result.objects.objectCount,
            uploads: result.objects.uploadCount,
            chunks: result.engine.chunkCount,
            packs: result.engine.packCount,
            verifiedBytes: result.engine.verifiedByteCount,
            garbageBytes: result.engine.garbageByteCount
        )
        try flags.show(
            report,
            text: problems.map { ("problem", $0) } + [
                ("data", directory.path), ("objects", "\(report.objects)"), ("chunks", "\(report.chunks)"),
                ("verified", StoreFlags.bytes(report.verifiedBytes)),
                ("garbage", StoreFlags.bytes(report.garbageBytes)),
                ("result", report.clean ? "clean" : problems.count == 1 ? "1 problem" : "\(problems.count) problems"),
            ]
        )
        if !report.clean { throw ExitCode(1) }
    }
}
