// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ObjectStore
import RegistryStore
import ServiceLifecycle

/// Drops the registry's expired upload sessions now and then.
struct RegistrySweep: Service {
    /// Sessions live for a day, so a quarter of an hour late is soon enough.
    static let interval = Duration.seconds(900)

    let store: RegistryStore<ObjectStore>
    let logger: Logger

    func run() async {
        // Ends by cancellation alone, which is no failure.
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: Self.interval)
                await sweep()
            }
        }
    }

    private func sweep() async {
        do {
            let count = try await store.dropExpiredUploads { [logger] error in
                logger.error("upload session not looked at", metadata: ["reason": "\(error)"])
            }
            if count > 0 { logger.info("expired uploads dropped", metadata: ["count": "\(count)"]) }
        } catch {
            logger.warning("expired uploads not dropped", metadata: ["reason": "\(error)"])
        }
    }
}

extension RegistrySweep: CustomStringConvertible {
    var description: String { "registry sweep" }
}
