// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

/// Work on the store while it is in use.
extension ObjectStore {
    /// See `ChunkEngine.collectGarbage`.
    package func collectGarbage(
        _ policy: GarbagePolicy,
        pause: @escaping @Sendable (Duration) async -> Void
    ) async throws(StoreError) -> GCReport {
        try await engine.collectGarbage(policy, pause: pause)
    }

    /// See `ChunkEngine.joinParts`.
    package func joinParts(
        coreShareMax: Double?,
        pause: @escaping @Sendable (Duration) async -> Void
    ) async throws(StoreError) -> JoinReport {
        try await engine.joinParts(coreShareMax: coreShareMax, pause: pause)
    }

    /// What `collectGarbage` would do now.
    package func estimateGarbage(_ policy: GarbagePolicy) async throws(StoreError) -> GCReport {
        try await engine.estimateGarbage(policy)
    }

    /// What all collections since the start did together.
    package var collectedGarbage: GCReport { engine.collectedGarbage }

    /// Grows with each change that becomes durable.
    package var changeCount: UInt64 { engine.changeCount }

    /// What the packs hold, from memory.
    package var packStatistics: PackStatistics { engine.packStatistics }

    /// Nil when the file system does not tell. Blocks for a system call.
    package var driveSpace: DriveSpace? { engine.driveSpace }

    /// See `ChunkEngine.scrub`.
    package func scrub(
        _ policy: ScrubPolicy,
        pause: @escaping @Sendable (Duration) async -> Void,
        found: @escaping @Sendable (ScrubFinding) -> Void
    ) async throws(StoreError) -> ScrubReport {
        try await engine.scrub(policy, pause: pause, found: found)
    }

    /// When the last scrub began and ended; nil before the first.
    package func scrubProgress() async throws(StoreError) -> ScrubProgress? {
        let engine = engine
        return try await workers.run { () throws(StoreError) in
            try engine.scrubRecord().map {
                ScrubProgress(
                    started: $0.started,
                    completed: $0.completed.nanoseconds == 0 ? nil : $0.completed,
                    isUnderWay: $0.nextPack != 0
                )
            }
        }
    }

    /// What scrubs since the start did.
    package var scrubTotals: ScrubTotals { engine.scrubTotals }

    /// Checks everything beside all other work: records and references as they are at one moment, then the bytes as a scrub that
    /// starts over does. See `ChunkEngine.check`.
    ///
    /// - Throws: `slowDown` while a collection, a scrub or another check is under way.
    package func fsck(found: @escaping @Sendable (ScrubFinding) -> Void) async throws(StoreError) -> StoreReport {
        let (engineReport, objects, scrub) = try await engine.check(found: found) {
            metadata,
            report throws(StoreError) in
            try ObjectAudit(metadata, after: report)
        }
        var report = try StoreReport(engineReport, objects)
        report.objects.add(try await affected(by: scrub.findings))
        return report
    }

    /// Which objects and parts the findings concern, at most `ObjectAudit.problemCountMax`. Reads every recipe and version, on a
    /// worker, when there are any.
    package func affected(by findings: [ScrubFinding]) async throws(StoreError) -> [ObjectProblem] {
        var damage = DamageTrace()
        for finding in findings { damage.note(finding) }
        guard !damage.isEmpty else { return [] }
        return try await workers.walk(metadata) { [damage] metadata throws(StoreError) in
            var affected: [ObjectProblem] = []
            do throws(StoreError) {
                let contents = try damage.affectedContents(metadata)
                let names = try OwnerNames(metadata)
                try names.forEachOwner(of: contents, metadata) { subject, _, text in
                    guard affected.count < ObjectAudit.problemCountMax else { return }
                    affected.append(ObjectProblem(subject: subject, text: text))
                }
                try names.nameUploads(in: &affected, metadata)
            } catch {
                // Damage to the tables is a finding, too, and those before it have their names.
                guard error.code == .corrupted else { throw error }
            }
            return affected
        }
    }

    /// What everything takes, stage by stage, and what each bucket holds. Reads every key but those of small contents, on a
    /// worker, and ends soon after the task is cancelled.
    package func statistics(_ patience: Patience = .none) async throws(StoreError) -> StoreStatistics {
        try await workers.walk(metadata, patience) { metadata throws(StoreError) in try StoreStatistics(metadata) }
    }
}

/// How far the scrub is.
package struct ScrubProgress: Sendable, Hashable {
    /// Of the pass under way, or else of the last one.
    package let started: Timestamp
    /// Of the last pass that ended.
    package let completed: Timestamp?
    package let isUnderWay: Bool

    /// Whether a pass is to begin, or to go on. One that began in the future did so by a clock that has been set back since.
    package func isDue(everySeconds interval: Int64, now: Timestamp) -> Bool {
        isUnderWay || now < started || started.advanced(bySeconds: interval) <= now
    }
}
