// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import Logging
import MetadataStore
import ObjectStore

/// `drydock fsck`
struct Fsck: AsyncParsableCommand, StoreVerb {
    static let verbName = "fsck"
    static let configuration = CommandConfiguration(
        abstract: "Check a store: every record, every reference count and every stored chunk.",
        discussion: """
            Example: drydock fsck --data /srv/drydock --json

            It mends nothing. The exit status is 1 when anything is wrong.
            """
    )

    @OptionGroup var flags: StoreFlags

    struct Report: Codable {
        var clean: Bool
        var problemCount: UInt64
        /// The first 10,000 of the engine and of the objects.
        var problems: [String]
        var objects: UInt64
        var uploads: UInt64
        var chunks: UInt64
        var packs: UInt64
        var verifiedBytes: UInt64
        var garbageBytes: UInt64

        init(_ result: StoreReport) {
            clean = result.isClean
            problemCount = result.problemCount
            problems = result.engine.problems.map(\.description) + result.objects.problems.map(\.description)
            objects = result.objects.objectCount
            uploads = result.objects.uploadCount
            chunks = result.engine.chunkCount
            packs = result.engine.packCount
            verifiedBytes = result.engine.verifiedByteCount
            garbageBytes = result.engine.garbageByteCount
        }
    }

    var query: [(name: String, value: String)] { [] }

    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report {
        Report(
            try ObjectStoreMaintenance.fsck(
                parts.configuration,
                fileSystem: parts.fileSystem,
                metadata: parts.metadata
            )
        )
    }

    static func run(on store: ObjectStore, _ query: [String: String], _ logger: Logger) async throws -> Report {
        let result = try await store.fsck { finding in logger.damage(finding) }
        logger.damage(concerns: result.objects.problems)
        return Report(result)
    }

    func run() async throws {
        let report = try await report(flags)
        let count = report.problemCount
        try flags.show(
            report,
            text: report.problems.map { ("problem", $0) } + [
                ("objects", "\(report.objects)"), ("chunks", "\(report.chunks)"),
                ("verified", StoreFlags.bytes(report.verifiedBytes)),
                ("garbage, holes included", StoreFlags.bytes(report.garbageBytes)),
                ("result", report.clean ? "clean" : count == 1 ? "1 problem" : "\(count) problems"),
            ]
        )
        if !report.clean { throw ExitCode(1) }
    }
}
