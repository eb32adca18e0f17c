// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes
import Synchronization

/// Always the same instant.
package struct FixedClock: WallClock {
    private let instant: Timestamp

    /// 2026-01-02T03:04:05Z unless told.
    package init(_ instant: Timestamp = Timestamp(seconds: 1_767_323_045)) {
        self.instant = instant
    }

    package func now() -> Timestamp { instant }
}

/// Stands still until a test moves it, forwards or backwards.
package final class ManualClock: WallClock {
    private let instant: Mutex<Timestamp>

    package init(_ instant: Timestamp = Timestamp(seconds: 1_767_323_045)) {
        self.instant = Mutex(instant)
    }

    package func now() -> Timestamp {
        instant.withLock { $0 }
    }

    package func set(_ instant: Timestamp) {
        self.instant.withLock { $0 = instant }
    }

    package func advance(bySeconds seconds: Int64) {
        instant.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }

    package func advance(byNanoseconds nanoseconds: Int64) {
        instant.withLock { $0.nanoseconds += nanoseconds }
    }
}
