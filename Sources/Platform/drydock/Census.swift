// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Glibc
import Logging
import ObjectStore
import ServiceLifecycle
import StorageTypes
import Synchronization

/// Counts now and then what each bucket holds, for `/metrics`: `drydock stats` as a service.
///
/// A count reads every key, so it comes when something has changed, takes a quarter of a core at most, and four times an hour
/// at most; one that takes long is rarer, so that it all comes to a hundredth of a core.
final class Census: Service {
    private static let interval = Duration.seconds(900)
    /// Of a core, while it counts.
    private static let coreShareMax = 0.25
    /// From one count to the next, in times of how long one takes.
    private static let restShare = 25

    private let store: ObjectStore
    private let logger: Logger
    private let counted = Mutex<StoreStatistics?>(nil)

    init(store: ObjectStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// The last count; nil before the first.
    var statistics: StoreStatistics? { counted.withLock { $0 } }

    func run() async {
        // Ends by cancellation alone, which is no failure.
        try? await cancelWhenGracefulShutdown {
            var change: UInt64?
            // Soon after the start, but not in its way.
            try await Task.sleep(for: .seconds(20))
            while true {
                var rest = Self.interval
                let current = self.store.changeCount
                if current != change {
                    let time = await ContinuousClock().measure { await self.count() }
                    rest = max(rest, time * Self.restShare)
                    change = current
                }
                try await Task.sleep(for: rest)
            }
        }
    }

    private func count() async {
        do throws(StoreError) {
            let patience = Patience(coreShareMax: Self.coreShareMax) { pause in
                usleep(UInt32(pause / .microseconds(1)))
            }
            let statistics = try await store.statistics(patience)
            counted.withLock { $0 = statistics }
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("buckets not counted", metadata: ["reason": "\(error)"])
        }
    }
}

extension Census: CustomStringConvertible {
    var description: String { "census" }
}
