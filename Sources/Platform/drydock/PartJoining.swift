// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Logging
import ObjectStore
import ServiceLifecycle
import StorageTypes

/// Joins the parts of completed uploads, slowly. Apart from other housekeeping, for a large one takes minutes.
struct PartJoining: Service {
    /// A round that finds nothing costs microseconds.
    private static let interval = Duration.seconds(5)
    /// Of one core.
    private static let coreShareMax = 0.25

    let store: ObjectStore
    let logger: Logger

    func run() async {
        // Ends by cancellation alone, which is no failure.
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: Self.interval)
                await joinParts()
            }
        }
    }

    private func joinParts() async {
        do throws(StoreError) {
            let report = try await store.joinParts(coreShareMax: Self.coreShareMax) { try? await Task.sleep(for: $0) }
            if report.joinedCount > 0 { logger.debug("parts joined", metadata: ["uploads": "\(report.joinedCount)"]) }
            if report.costlyCount > 0 {
                logger.debug(
                    "parts not joined, nearly all would be written anew",
                    metadata: ["uploads": "\(report.costlyCount)"]
                )
            }
            if report.unreadableCount > 0 {
                logger.warning(
                    "parts not joined, the drive can't read them; tried again in an hour",
                    metadata: ["uploads": "\(report.unreadableCount)"]
                )
            }
            if report.damagedCount > 0 {
                logger.error("parts not joined, they can't be read", metadata: ["uploads": "\(report.damagedCount)"])
            }
        } catch {
            // Somebody else joins them, or the store is busy, full or refuses writes, which is logged where it happens.
            if error.code == .corrupted { logger.error("parts not joined", metadata: ["reason": "\(error)"]) }
        }
    }
}

extension PartJoining: CustomStringConvertible {
    var description: String { "joining of parts" }
}
