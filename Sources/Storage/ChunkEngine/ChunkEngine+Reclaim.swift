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
        try parts.collections.begin()
        defer { parts.collections.end() }
        var collector = GarbageCollector(parts, commits, policy, pause: pause)
        let report = try await collector.run()
        parts.collections.add { $0.add(report) }
        return report
    }

    /// What `collectGarbage` would do now, up to what holes can't be made where the file system has none.
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
