// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Logging
import ObjectStore
import ServiceLifecycle
import StorageTypes

/// Reads everything that is stored now and then, slowly, and goes on where a restart interrupted it.
struct Scrubbing: Service {
    let store: ObjectStore
    let clock: any WallClock
    /// From the start of one pass to that of the next; zero switches it off.
    let interval: Duration
    let byteRateMax: UInt64
    let logger: Logger

    func run() async {
        guard interval > .zero else {
            try? await gracefulShutdown()
            return
        }
        // Ends by cancellation alone, which is no failure.
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(60))
                await scrubIfDue()
            }
        }
    }

    private func isDue() async throws(StoreError) -> Bool {
        guard let progress = try await store.scrubProgress() else { return true }
        return progress.isDue(everySeconds: interval.components.seconds, now: clock.now())
    }

    /// Whatever fails, the next look may succeed, and reads are served meanwhile: only the end of the process ends this.
    private func scrubIfDue() async {
        do throws(StoreError) {
            guard try await isDue() else { return }
            var policy = ScrubPolicy(byteRateMax: byteRateMax)
            policy.scanByteRateMax = GarbagePolicy.background.scanByteRateMax
            let report = try await store.scrub(policy) { pause in
                try? await Task.sleep(for: pause)
            } found: { finding in
                logger.damage(finding)
            }
            logger.damage(concerns: try await store.affected(by: report.findings))
            guard report.isComplete else { return }
            logger.info(
                "scrub complete",
                metadata: ["bytes": "\(report.byteCount)", "damaged": "\(report.findingCount)"]
            )
        } catch {
            // Somebody else scrubs, or the store refuses writes, which is logged where it happens.
            if error.code != .slowDown { logger.warning("scrub failed", metadata: ["reason": "\(error)"]) }
        }
    }
}

extension Scrubbing: CustomStringConvertible {
    var description: String { "scrub" }
}
