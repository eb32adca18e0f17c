// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkFormat
package import StorageTypes

extension ChunkEngine {
    /// Reads and verifies everything that is stored, beside all other work. One scrub at a time.
    ///
    /// Damaged frames and inline contents get a quarantine record. What the process dies or is cancelled in, the next call goes
    /// on with.
    ///
    /// - Parameters:
    ///   - pause: waits, to keep the policy's rate.
    ///   - found: called with each finding when it is made, from any thread.
    /// - Throws: `slowDown` while another one is under way, which ends soon when this one starts over and that one does not;
    ///   `ioFailure`; as `commit`.
    package func scrub(
        _ policy: ScrubPolicy,
        pause: @escaping @Sendable (Duration) async -> Void,
        found: @escaping @Sendable (ScrubFinding) -> Void
    ) async throws(StoreError) -> ScrubReport {
        try parts.scrubs.begin(isUrgent: policy.startsOver)
        defer { parts.scrubs.end() }
        return try await runScrub(policy, pause: pause, found: found)
    }

    /// For who has begun one of `parts.scrubs`.
    func runScrub(
        _ policy: ScrubPolicy,
        pause: @escaping @Sendable (Duration) async -> Void,
        found: @escaping @Sendable (ScrubFinding) -> Void
    ) async throws(StoreError) -> ScrubReport {
        var scrubber = Scrubber(parts, commits, policy, pause: pause) { finding in
            self.parts.scrubs.add { $0.findingCount += 1 }
            found(finding)
        }
        let report = try await scrubber.run()
        parts.scrubs.add { totals in
            totals.byteCount += report.byteCount
            if report.isComplete { totals.passCount += 1 }
        }
        return report
    }

    /// How far the scrub is; nil before the first, and when its record is damaged. Blocks.
    package func scrubRecord() throws(StoreError) -> ScrubRecord? {
        try parts.scrubRecord().record
    }

    /// What scrubs since the start did.
    package var scrubTotals: ScrubTotals { parts.scrubs.totals }
}

/// What scrubs since the start did.
package struct ScrubTotals: Sendable, Hashable {
    package var passCount: UInt64 = 0
    package var byteCount: UInt64 = 0
    package var findingCount: UInt64 = 0
}
