// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkFormat
package import StorageTypes
import Synchronization

extension ChunkEngine {
    /// Reads and verifies everything that is stored, beside all other work. One scrub at a time.
    ///
    /// Damaged frames and inline contents get a quarantine record. What the process dies or is cancelled in, the next call goes
    /// on with.
    ///
    /// - Parameters:
    ///   - pause: waits, to keep the policy's rate.
    ///   - found: called with each finding when it is made, from any thread.
    /// - Throws: `slowDown` while another one is under way; `ioFailure`; as `commit`.
    package func scrub(
        _ policy: ScrubPolicy,
        pause: @escaping @Sendable (Duration) async -> Void,
        found: @escaping @Sendable (ScrubFinding) -> Void
    ) async throws(StoreError) -> ScrubReport {
        try parts.scrubs.begin()
        defer { parts.scrubs.end() }
        var scrubber = Scrubber(parts, commits, policy, pause: pause) { finding in
            self.parts.scrubs.note()
            found(finding)
        }
        let report = try await scrubber.run()
        parts.scrubs.add(report)
        return report
    }

    /// How far the scrub is; nil before the first. Blocks.
    package func scrubRecord() throws(StoreError) -> ScrubRecord? {
        try parts.scrubRecord()
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

/// Keeps scrubs apart, and adds up what they did.
final class Scrubs: Sendable {
    private struct State {
        var isRunning = false
        var totals = ScrubTotals()
    }

    private let state = Mutex(State())

    var totals: ScrubTotals { state.withLock { $0.totals } }

    func begin() throws(StoreError) {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { throw StoreError(.slowDown, "a scrub is under way") }
    }

    func end() {
        state.withLock { $0.isRunning = false }
    }

    func note() {
        state.withLock { $0.totals.findingCount += 1 }
    }

    func add(_ report: ScrubReport) {
        state.withLock { state in
            state.totals.byteCount += report.byteCount
            if report.isComplete { state.totals.passCount += 1 }
        }
    }
}
