// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Assemblies with bytes that the drive could not read. A bad sector stays bad, and each attempt would write the chunks before it
/// once more; but not every error of a drive is a bad sector, so some attempts are made.
final class UnreadableParts: Sendable {
    private struct Attempts {
        var count = 0
        var last: Timestamp
    }

    private static let retrySeconds: Int64 = 3_600
    private static let attemptCountMax = 8
    private static let assemblyCountMax = 64

    private let attempts = Mutex<[UInt64: Attempts]>([:])

    func isDue(_ assembly: UInt64, _ now: Timestamp) -> Bool {
        attempts.withLock { attempts in
            guard let last = attempts[assembly]?.last, last <= now else { return true }
            return now >= last.advanced(bySeconds: Self.retrySeconds)
        }
    }

    /// Notes an attempt that failed; false when it was the last.
    func note(_ assembly: UInt64, _ now: Timestamp) -> Bool {
        attempts.withLock { attempts in
            // Those that are gone are never tried again.
            attempts = attempts.filter { now < $0.value.last.advanced(bySeconds: 2 * Self.retrySeconds) }
            let count = (attempts[assembly]?.count ?? 0) + 1
            guard count < Self.attemptCountMax, attempts[assembly] != nil || attempts.count < Self.assemblyCountMax
            else {
                attempts[assembly] = nil
                return false
            }
            attempts[assembly] = Attempts(count: count, last: now)
            return true
        }
    }
}
