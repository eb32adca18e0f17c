// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counters of what the service answered, by operation. Recording costs one short lock per request.
package final class S3Metrics: Sendable {
    /// Upper bounds of the duration histogram in nanoseconds; what is slower falls into the last, open bucket.
    package static let durationBounds: [UInt64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// What was counted for one operation since the service was made.
    package struct OperationCounts: Sendable {
        /// Answers by the first digit of their status, 1xx to 5xx; index 0 counts requests that got no answer.
        package fileprivate(set) var answers: [UInt64] = [0, 0, 0, 0, 0, 0]
        package fileprivate(set) var bytesReceived: UInt64 = 0
        package fileprivate(set) var bytesSent: UInt64 = 0
        /// Not cumulative; one more than `durationBounds`.
        package fileprivate(set) var durations = [UInt64](repeating: 0, count: S3Metrics.durationBounds.count + 1)
        package fileprivate(set) var durationNanoseconds: UInt64 = 0

        package var requests: UInt64 { answers.reduce(0, +) }
    }

    /// A lock per operation, so that event loops doing different work do not meet.
    private final class Meter: Sendable {
        let counts = Mutex(OperationCounts())
    }

    private let meters: [Meter]

    package init() {
        meters = S3Operation.allCases.map { _ in Meter() }
    }

    /// - Parameter status: 0 when the client went away before it could be answered.
    func record(
        _ operation: S3Operation,
        status: Int,
        bytesReceived: UInt64,
        bytesSent: UInt64,
        nanoseconds: UInt64
    ) {
        meters[Int(operation.rawValue)].counts.withLock { counts in
            counts.answers[min(max(status / 100, 0), 5)] &+= 1
            counts.bytesReceived &+= bytesReceived
            counts.bytesSent &+= bytesSent
            var bucket = 0
            while bucket < Self.durationBounds.count, nanoseconds > Self.durationBounds[bucket] { bucket += 1 }
            counts.durations[bucket] &+= 1
            counts.durationNanoseconds &+= nanoseconds
        }
    }

    /// Operations that were asked for at least once.
    package func snapshot() -> [(operation: S3Operation, counts: OperationCounts)] {
        S3Operation.allCases.compactMap { operation in
            let counts = meters[Int(operation.rawValue)].counts.withLock { $0 }
            return counts.requests == 0 ? nil : (operation, counts)
        }
    }
}
