// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import MetadataStore
package import StorageTypes
import Synchronization

extension ChunkEngine {
    /// Chunks held in memory at once: about 30 MiB.
    private static let checkedEntryCountMax: UInt64 = 1 << 18

    /// Checks everything beside all other work: records, references and the packs' files as they are at one moment, then the frames
    /// as a scrub does that starts over.
    ///
    /// - Parameters:
    ///   - found: as for `scrub`.
    ///   - inspect: looks at the same moment's metadata, on a worker.
    /// - Throws: `slowDown` while a collection, a scrub or another check is under way, of which a slow scrub ends soon; `unavailable`
    ///   when the task is cancelled.
    package func check<Value: Sendable>(
        found: @escaping @Sendable (ScrubFinding) -> Void,
        _ inspect: @escaping @Sendable (any MetadataReading, FsckReport) throws(StoreError) -> Value
    ) async throws(StoreError) -> (report: FsckReport, inspected: Value, scrub: ScrubReport) {
        // From the start on: what was found before it would be found once more if it had to wait.
        try parts.scrubs.begin(isUrgent: true)
        defer { parts.scrubs.end() }
        let (structure, inspected) = try await checkStructure(inspect)
        // Takes each finding when it is made, for the scrub keeps only the first ones.
        let findings = Mutex(structure)
        var policy = ScrubPolicy()
        policy.startsOver = true
        let scrub = try await runScrub(policy, pause: { _ in }) { finding in
            findings.withLock { $0.note(finding) }
            found(finding)
        }
        guard scrub.isComplete else { throw StoreError(.unavailable, "the check was cut short") }
        var report = findings.withLock { $0 }
        report.verifiedByteCount += scrub.byteCount
        report.inlineCount += scrub.inlineCount
        return (report, inspected, scrub)
    }

    /// Checks records, references and the packs' files as they are at one moment.
    ///
    /// Nothing is collected meanwhile, so no file goes that a record of that moment names. What uploads have written and not
    /// committed no record names yet.
    private func checkStructure<Value: Sendable>(
        _ inspect: @escaping @Sendable (any MetadataReading, FsckReport) throws(StoreError) -> Value
    ) async throws(StoreError) -> (report: FsckReport, inspected: Value) {
        try parts.collections.begin()
        defer { parts.collections.end() }
        let parts = parts
        return try await parts.workers.walk(parts.metadata) { metadata throws(StoreError) in
            var check = StoreCheck(
                parts.configuration,
                fileSystem: parts.fileSystem,
                metadata: metadata,
                depth: .structure,
                entryCountMax: Self.checkedEntryCountMax
            )
            let report = try check.run()
            return (report, try inspect(metadata, report))
        }
    }
}
