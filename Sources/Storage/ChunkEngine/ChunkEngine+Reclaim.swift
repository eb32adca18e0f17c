// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

extension ChunkEngine {
    /// Gives back the space of what nobody refers to, beside all other work. One collection at a time.
    ///
    /// A crash at any point loses nothing; the next collection goes on.
    ///
    /// - Parameter pause: waits, to keep the policy's rate.
    /// - Throws: `slowDown` while another one is under way; `corrupted` when records contradict each other, and then nothing
    ///   more is collected; `unavailable` while logs of the metadata are kept; as `commit`.
    package func collectGarbage(
        _ policy: GarbagePolicy,
        pause: @escaping @Sendable (Duration) async -> Void
    ) async throws(StoreError) -> GCReport {
        try checkMayCollect()
        let joined =
            policy.joinsParts
            ? try await joinParts(coreShareMax: policy.recompressCoreShareMax, pause: pause) : JoinReport()
        try parts.collections.begin()
        defer { parts.collections.end() }
        var collector = GarbageCollector(parts, commits, policy, pause: pause)
        var report = try await collector.run()
        report.joinedContentCount = joined.joinedCount
        parts.collections.add { $0.add(report) }
        return report
    }

    /// Gives the chunks of each completed upload the cuts that they would have in one piece, beside all other work, so that the same
    /// bytes in parts of other sizes have the same chunks. One run at a time.
    ///
    /// A crash at any point leaves the old chunks or the new ones, and the next run goes on.
    ///
    /// - Parameters:
    ///   - coreShareMax: of one core; nil as fast as it goes.
    ///   - pause: waits, to keep that share.
    /// - Returns: nothing while logs of the metadata are kept: what joins leave behind would not be collected.
    /// - Throws: `slowDown` while another run is under way, for which one without a share waits some seconds; as `commit`.
    package func joinParts(
        coreShareMax: Double?,
        pause: @escaping @Sendable (Duration) async -> Void
    ) async throws(StoreError) -> JoinReport {
        if parts.keepsUnknown { return JoinReport() }
        try await beginJoining(isUrgent: coreShareMax == nil, pause: pause)
        defer { parts.joins.end() }
        var joiner = PartJoiner(parts, commits, coreShareMax: coreShareMax, pause: pause)
        return try await joiner.run()
    }

    /// Asks a slow run to end and waits for it, if this one is urgent.
    private func beginJoining(
        isUrgent: Bool,
        pause: @escaping @Sendable (Duration) async -> Void
    ) async throws(StoreError) {
        var restCount = isUrgent ? 100 : 0
        while true {
            do throws(StoreError) {
                return try parts.joins.begin(isUrgent: isUrgent)
            } catch {
                guard restCount > 0 else { throw error }
            }
            restCount -= 1
            await pause(.milliseconds(50))
        }
    }

    /// What `collectGarbage` would do now, up to what holes can't be made where the file system has none, and what joining and
    /// recompression would free, which only doing it tells.
    ///
    /// - Parameter entryCountMax: chunks held in memory at once, at about 120 bytes each.
    /// - Throws: as `collectGarbage`; `unavailable` when the task is cancelled.
    package func estimateGarbage(
        _ policy: GarbagePolicy,
        entryCountMax: Int = 1 << 18
    ) async throws(StoreError) -> GCReport {
        try checkMayCollect()
        try parts.collections.begin()
        defer { parts.collections.end() }
        let parts = parts
        return try await parts.workers.walk(parts.metadata) { metadata throws(StoreError) in
            var estimate = try GarbageEstimate(parts, policy, metadata, entryCountMax: entryCountMax)
            return try estimate.run()
        }
    }

    private func checkMayCollect() throws(StoreError) {
        guard parts.keepsUnknown else { return }
        throw StoreError(.unavailable, FsckProblem.keptLogs.description)
    }

    /// What all collections since the start did together.
    package var collectedGarbage: GCReport { parts.collections.totals }
}
