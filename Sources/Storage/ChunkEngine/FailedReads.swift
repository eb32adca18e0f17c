// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Assemblies, or packs, with bytes that the drive could not read. A bad sector stays bad, and each attempt reads and writes what is beside
/// it once more; but not every error of a drive is a bad sector, so some attempts are made.
final class FailedReads: Sendable {
    private struct Attempts {
        var count = 0
        var last: Timestamp
    }

    static let retrySeconds: Int64 = 3_600
    private static let attemptCountMax = 8
    private static let countMax = 64

    private let attempts = Mutex<[UInt64: Attempts]>([:])

    func isDue(_ id: UInt64, _ now: Timestamp, after seconds: Int64 = retrySeconds) -> Bool {
        attempts.withLock { attempts in
            guard let last = attempts[id]?.last, last <= now else { return true }
            return now >= last.advanced(bySeconds: seconds)
        }
    }

    /// Notes an attempt that failed; false when it was the last.
    func note(_ id: UInt64, _ now: Timestamp) -> Bool {
        attempts.withLock { attempts in
            // Those that are gone are never tried again.
            attempts = attempts.filter { now < $0.value.last.advanced(bySeconds: 2 * Self.retrySeconds) }
            let count = (attempts[id]?.count ?? 0) + 1
            guard count < Self.attemptCountMax, attempts[id] != nil || attempts.count < Self.countMax
            else {
                attempts[id] = nil
                return false
            }
            attempts[id] = Attempts(count: count, last: now)
            return true
        }
    }
}
