// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Synchronization

/// Counters of what the registry answered, by method. Recording costs one short lock per request.
package final class RegistryMetrics: Sendable {
    package struct Counts: Sendable {
        /// Answers by the first digit of their status, 1xx to 5xx; index 0 counts those that were cut.
        package fileprivate(set) var answers: [UInt64] = [0, 0, 0, 0, 0, 0]
        package fileprivate(set) var bytesReceived: UInt64 = 0
        package fileprivate(set) var bytesSent: UInt64 = 0
        package fileprivate(set) var durationNanoseconds: UInt64 = 0
    }

    private let counts = Mutex<[String: Counts]>([:])

    package init() {}

    func record(_ request: HTTPRequest, status: Int, received: UInt64, sent: UInt64, nanoseconds: UInt64, isCut: Bool) {
        // A name of the client's choosing would grow the page without end.
        let method = if case .other = request.method { "other" } else { request.methodName }
        counts.withLock { counts in
            counts[method, default: Counts()].answers[isCut ? 0 : min(max(status / 100, 1), 5)] &+= 1
            counts[method]?.bytesReceived &+= received
            counts[method]?.bytesSent &+= sent
            counts[method]?.durationNanoseconds &+= nanoseconds
        }
    }

    /// Methods that were used at least once, by name.
    package func snapshot() -> [(method: String, counts: Counts)] {
        counts.withLock { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
