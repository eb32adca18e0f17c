// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ObjectStore
import ServiceLifecycle
import StorageTypes
import Synchronization

/// Counts now and then what each bucket holds, for `/metrics`: `drydock stats` as a service.
///
/// A count reads every key, so it comes when something has changed, and four times an hour at most.
final class Census: Service {
    private static let interval = Duration.seconds(900)

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
                let current = self.store.changeCount
                if current != change {
                    await self.count()
                    change = current
                }
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private func count() async {
        do throws(StoreError) {
            let statistics = try await store.statistics()
            counted.withLock { $0 = statistics }
        } catch {
            logger.warning("buckets not counted", metadata: ["reason": "\(error)"])
        }
    }
}

extension Census: CustomStringConvertible {
    var description: String { "census" }
}
