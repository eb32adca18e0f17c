// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Contents that somebody reads, which keep their chunks even when their last reference goes.
///
/// Who opens a content looks its owner up, pins the content, and looks the owner up again: if it still refers to the content,
/// the content was alive when the pin was there, and a collection that finds it released later finds the pin, too.
final class ContentPins: Sendable {
    private struct State {
        var counts: [UInt64: Int] = [:]
        /// By contents that were changed: what they were, and how many pins are older than that.
        var earlier: [UInt64: (content: UInt64, count: Int)] = [:]
    }

    private let state = Mutex(State())

    func isPinned(_ content: UInt64) -> Bool {
        state.withLock { $0.counts[content] != nil }
    }

    /// Lets the pins that a content has pin what it was, too. Once, when the change is durable: later readers see no trace of it.
    func keep(_ earlier: UInt64, for content: UInt64) {
        state.withLock { state in
            guard let count = state.counts[content] else { return }
            state.earlier[content] = (earlier, count)
            state.counts[earlier] = 1
        }
    }

    /// Says whether the content was changed, and older pins are there.
    fileprivate func add(_ content: UInt64) -> Bool {
        state.withLock { state in
            state.counts[content, default: 0] += 1
            return state.earlier[content] != nil
        }
    }

    fileprivate func remove(_ content: UInt64, isOfChanged: Bool) {
        state.withLock { state in
            guard let count = state.counts[content] else { return }
            state.counts[content] = count == 1 ? nil : count - 1
            guard !isOfChanged, let earlier = state.earlier[content] else { return }
            state.earlier[content]?.count -= 1
            guard earlier.count == 1 else { return }
            state.earlier[content] = nil
            state.counts[earlier.content] = nil
        }
    }
}

/// Keeps a content readable until it goes.
package final class ContentPin: Sendable {
    private let pins: ContentPins
    private let content: UInt64
    /// The content has been changed before.
    private let isOfChanged: Bool

    init(_ content: UInt64, _ pins: ContentPins) {
        self.pins = pins
        self.content = content
        isOfChanged = pins.add(content)
    }

    deinit {
        pins.remove(content, isOfChanged: isOfChanged)
    }
}
