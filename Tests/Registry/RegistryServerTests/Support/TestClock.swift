// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// A clock that moves a millisecond with every look and further when told.
final class TestClock: WallClock {
    private let nanoseconds = Mutex<Int64>(1_800_000_000_000_000_000)

    func now() -> Timestamp {
        nanoseconds.withLock { value in
            value += 1_000_000
            return Timestamp(nanoseconds: value)
        }
    }

    func advance(seconds: Int64) {
        nanoseconds.withLock { $0 += seconds * 1_000_000_000 }
    }
}
