// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Contents that somebody reads, which keep their chunks even when their last reference goes.
///
/// Who opens a content looks its owner up, pins the content, and looks the owner up again: if it still refers to the content,
/// the content was alive when the pin was there, and a collection that finds it released later finds the pin, too.
final class ContentPins: Sendable {
    private let counts = Mutex<[UInt64: Int]>([:])

    func isPinned(_ content: UInt64) -> Bool {
        counts.withLock { $0[content] != nil }
    }

    fileprivate func add(_ content: UInt64) {
        counts.withLock { $0[content, default: 0] += 1 }
    }

    fileprivate func remove(_ content: UInt64) {
        counts.withLock { counts in
            guard let count = counts[content] else { return }
            counts[content] = count == 1 ? nil : count - 1
        }
    }
}

/// Keeps a content readable until it goes.
package final class ContentPin: Sendable {
    private let pins: ContentPins
    private let content: UInt64

    init(_ content: UInt64, _ pins: ContentPins) {
        self.pins = pins
        self.content = content
        pins.add(content)
    }

    deinit {
        pins.remove(content)
    }
}
