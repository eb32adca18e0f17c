// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import Glibc
import Logging
import MetadataStore
import ObjectStore
import StorageTypes

/// `drydock scrub`
struct Scrub: AsyncParsableCommand, StoreVerb {
    static let verbName = "scrub"
    static let configuration = CommandConfiguration(
        abstract: "Read and verify everything that is stored, or say when that was last done.",
        discussion: """
            Example: drydock scrub --data /srv/drydock --now

            A running server does this by itself, slowly. The exit status is 1 when anything is damaged.
            """
    )

    @OptionGroup var flags: StoreFlags
    @Flag(help: "Read everything now, as fast as the drive can.") var now = false

    struct Report: Codable {
        /// UTC; nil before the first.
        var started: String?
        /// Of the last pass that ended.
        var completed: String?
        var packs: UInt64 = 0
        var chunks: UInt64 = 0
        var inlineObjects: UInt64 = 0
        var verifiedBytes: UInt64 = 0
        var damaged: UInt64 = 0
        var findings: [String] = []
        /// Objects and parts that need what is damaged.
        var affected: [String] = []
    }

    var query: [(name: String, value: String)] { [("now", "\(now)")] }

    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report {
        let workers = WorkerPool(threadCount: 1)
        let store = try parts.openStore(workers)
        do {
            let report = try await Self.report(store, now: now, nil)
            await store.shutdown()
            await workers.shutdown()
            return report
        } catch {
            await store.shutdown()
            await workers.shutdown()
            throw error
        }
    }

    static func run(on store: ObjectStore, _ query: [String: String], _ logger: Logger) async throws -> Report {
        try await report(store, now: query["now"] == "true", logger)
    }

    /// - Parameter logger: nil where what is printed is all that anybody reads.
    private static func report(_ store: ObjectStore, now: Bool, _ logger: Logger?) async throws -> Report {
        var report = Report()
        if now {
            var policy = ScrubPolicy()
            policy.startsOver = true
            let result = try await store.scrub(policy, pause: { _ in }) { finding in logger?.damage(finding) }
            report.packs = result.packCount
            report.chunks = result.chunkCount
            report.inlineObjects = result.inlineCount
            report.verifiedBytes = result.byteCount
            report.damaged = result.findingCount
            report.findings = result.findings.map(\.description)
            let affected = try await store.affected(by: result.findings)
            logger?.damage(concerns: affected)
            report.affected = affected.map(\.description)
        }
        let progress = try await store.scrubProgress()
        report.started = (progress?.started).map(Self.text)
        report.completed = (progress?.completed).map(Self.text)
        return report
    }

    private static func text(_ instant: Timestamp) -> String {
        ISO8601.format(instant)
    }

    func run() async throws {
        let report = try await report(flags)
        var lines = report.findings.map { ("damaged", $0) } + report.affected.map { ("affected", $0) }
        lines.append(("last scrub began", report.started ?? "never"))
        lines.append(("last scrub ended", report.completed ?? "never"))
        if now {
            lines += [
                ("packs", "\(report.packs)"), ("chunks", "\(report.chunks)"),
                ("inline objects", "\(report.inlineObjects)"), ("verified", StoreFlags.bytes(report.verifiedBytes)),
                ("result", report.damaged == 0 ? "clean" : "\(report.damaged) damaged"),
            ]
        }
        try flags.show(report, text: lines)
        if report.damaged > 0 { throw ExitCode(1) }
    }
}
