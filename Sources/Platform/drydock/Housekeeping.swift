// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Logging
import ObjectStore
import PlatformKit
import ServiceLifecycle
import StorageTypes

/// Gives space and memory back while the store is in use: what was deleted every few seconds, abandoned uploads now and then.
struct Housekeeping: Service {
    /// A round that finds nothing costs microseconds.
    static let interval = Duration.seconds(5)
    /// Rounds between two looks at the uploads.
    static let expiryRoundCount = 180

    let store: ObjectStore
    let parts: StoreParts
    let workers: WorkerPool
    /// 0 keeps uploads for ever.
    let uploadExpiryDays: Int
    let logger: Logger

    func run() async {
        // Ends by cancellation alone, which is no failure.
        try? await cancelWhenGracefulShutdown {
            var round = 0
            while true {
                await makeReserve()
                try await Task.sleep(for: Self.interval)
                if round.isMultiple(of: Self.expiryRoundCount) {
                    await finishDroppedBuckets()
                    await expireUploads()
                }
                await collectGarbage()
                await workers.run { ProcessMemory.giveBack() }
                round += 1
            }
        }
    }

    /// At the start, and again when the room has come back that a start without any took.
    private func makeReserve() async {
        let (reserve, floor) = (parts.reserve, parts.configuration.engine.freeByteFloor)
        let isMade = await workers.run { reserve.make(leaving: floor) }
        if isMade { logger.debug("room for starts on a full drive reserved") }
    }

    private func collectGarbage() async {
        do throws(StoreError) {
            let report = try await store.collectGarbage(.background) { try? await Task.sleep(for: $0) }
            guard report.freedByteCount != 0 || report.chunkCount > 0 else { return }
            logger.debug(
                "garbage collected",
                metadata: [
                    "contents": "\(report.contentCount)", "chunks": "\(report.chunkCount)",
                    "freed_bytes": "\(report.freedByteCount)", "moved_bytes": "\(report.movedByteCount)",
                ]
            )
        } catch {
            // Somebody else collects, or the store is busy or refuses writes, which is logged where it happens.
            if error.code == .corrupted || error.code == .ioFailure {
                logger.error("garbage not collected", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// A crash may have left some behind.
    private func finishDroppedBuckets() async {
        do throws(StoreError) {
            try await store.finishDroppedBuckets()
        } catch {
            logger.warning("uploads of deleted buckets not removed", metadata: ["reason": "\(error)"])
        }
    }

    private func expireUploads() async {
        // The completion of an upload may be what a damaged log has lost.
        guard uploadExpiryDays > 0, !store.keepsUnknown else { return }
        let instant = parts.clock.now().advanced(bySeconds: Int64(-uploadExpiryDays) * 86_400)
        do throws(StoreError) {
            let count = try await store.expireUploads(idleSince: instant) { [logger] error in
                logger.error("upload not looked at", metadata: ["reason": "\(error)"])
            }
            if count > 0 { logger.info("abandoned uploads aborted", metadata: ["count": "\(count)"]) }
        } catch {
            logger.warning("abandoned uploads not aborted", metadata: ["reason": "\(error)"])
        }
    }
}

extension Housekeeping: CustomStringConvertible {
    var description: String { "housekeeping" }
}
