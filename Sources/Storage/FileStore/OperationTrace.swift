// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was done to the disk and the metadata, in order, one line each: what golden durability tests compare.
package final class OperationTrace: Sendable {
    private let storage = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { storage.withLock { $0 } }

    /// All lines, each with a line feed.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    package func record(_ line: String) {
        storage.withLock { $0.append(line) }
    }

    package func removeAll() {
        storage.withLock { $0.removeAll() }
    }
}
