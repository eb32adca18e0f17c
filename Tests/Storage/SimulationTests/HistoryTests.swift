// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import SimulationKit
import Testing

/// What the model lets a store do, and what not.
@Suite struct `A history` {
    /// `#expect` can't call what mutates.
    private final class Recorder {
        var history: History

        init(_ state: StoreState = StoreState()) { history = History(state) }
        init(_ history: History) { self.history = history }

        func begin(_ operation: StoreOperation) -> Int { history.begin(operation) }
        func end(_ id: Int, _ answer: StoreAnswer) -> Bool { history.end(id, answer) }
        func leaveOpen(_ id: Int) -> Bool { history.leaveOpen(id) }
        func endWithoutEffect(_ id: Int) -> Bool { history.endWithoutEffect(id) }
        func restarted(as state: StoreState) -> Bool { history.restarted(as: state) != nil }
    }

    private func put(_ content: Int, onlyIfAbsent: Bool = false) -> StoreOperation {
        .put(key: 1, content: content, onlyIfAbsent: onlyIfAbsent)
    }

    private func made(_ content: Int) -> StoreAnswer {
        .made(StoreState.Content(contents: [content], isMultipart: false))
    }

    private func state(_ content: Int?) -> StoreState {
        var state = StoreState()
        if let content { _ = put(content).apply(to: &state) }
        return state
    }

    @Test func `knows what one operation after the other leads to`() {
        let history = Recorder()
        let first = history.begin(put(5))
        #expect(history.end(first, made(5)))
        let read = history.begin(.get(key: 1))
        #expect(history.end(read, made(5)))
        let stale = history.begin(.get(key: 1))
        #expect(!history.end(stale, .refused(.noSuchKey)))
    }

    @Test func `lets a read that overlaps a write see either state, and no later one go back`() {
        for isNew in [true, false] {
            let history = Recorder(state(5))
            let write = history.begin(put(6))
            let first = history.begin(.get(key: 1))
            #expect(history.end(first, made(isNew ? 6 : 5)))
            let other = Recorder(history.history)
            let second = history.begin(.get(key: 1))
            #expect(history.end(second, made(6)))
            let third = other.begin(.get(key: 1))
            #expect(other.end(third, made(5)) == !isNew)
            #expect(history.end(write, made(6)))
        }
    }

    @Test func `lets one of two conditional writes win, and not both`() {
        let history = Recorder()
        let (first, second) = (history.begin(put(5, onlyIfAbsent: true)), history.begin(put(6, onlyIfAbsent: true)))
        #expect(history.end(second, made(6)))
        let both = Recorder(history.history)
        #expect(!both.end(first, made(5)))
        #expect(history.end(first, .refused(.preconditionFailed)))
    }

    @Test func `remembers that a read came before a write that returned first`() {
        let history = Recorder(state(5))
        let read = history.begin(.list)
        let write = history.begin(put(6))
        #expect(history.end(write, made(6)))
        #expect(history.end(read, .listing([1: StoreState.Content(contents: [5], isMultipart: false)])))
    }

    @Test func `remembers what a read may have seen of two changes that have nothing to do with each other`() {
        let history = Recorder(state(5))
        let read = history.begin(.list)
        let other = history.begin(.put(key: 2, content: 6, onlyIfAbsent: false))
        let delete = history.begin(.delete(keys: [1]))
        #expect(history.end(delete, .done))
        #expect(history.end(other, made(6)))
        let content = { StoreState.Content(contents: [$0], isMultipart: false) }
        #expect(history.end(read, .listing([1: content(5), 2: content(6)])))
    }

    @Test func `allows a start to find what was under way whole or not at all, and nothing else`() {
        let history = Recorder(state(5))
        _ = history.begin(put(6))
        _ = history.begin(.delete(keys: [1]))
        _ = history.begin(.copy(from: 1, to: 2))
        #expect(history.restarted(as: state(5)))
        #expect(history.restarted(as: state(6)))
        #expect(history.restarted(as: state(nil)))
        #expect(!history.restarted(as: state(7)))
        var copied = state(6)
        _ = StoreOperation.copy(from: 1, to: 2).apply(to: &copied)
        #expect(history.restarted(as: copied))
        _ = put(5).apply(to: &copied)
        #expect(!history.restarted(as: copied))
    }

    @Test func `does not forget what was acknowledged`() {
        let history = Recorder(state(5))
        let write = history.begin(put(6))
        #expect(history.end(write, made(6)))
        #expect(!history.restarted(as: state(5)))
        #expect(history.restarted(as: state(6)))
    }

    @Test func `takes a failure that says so for nothing, and any other for perhaps`() {
        let history = Recorder(state(5))
        let broken = history.begin(put(6))
        #expect(history.endWithoutEffect(broken))
        #expect(!history.restarted(as: state(6)))
        let failed = history.begin(put(7))
        #expect(history.leaveOpen(failed))
        #expect(history.restarted(as: state(5)))
        #expect(history.restarted(as: state(7)))
        let read = history.begin(.get(key: 1))
        #expect(!history.end(read, made(7)))
    }

    @Test func `moves an upload into its object in one step`() {
        let history = Recorder()
        for operation in [.createUpload(1, key: 1), .putPart(upload: 1, number: 2, content: 8)] as [StoreOperation] {
            let id = history.begin(operation)
            #expect(history.end(id, .done))
        }
        var before = StoreState()
        _ = StoreOperation.createUpload(1, key: 1).apply(to: &before)
        _ = StoreOperation.putPart(upload: 1, number: 2, content: 8).apply(to: &before)
        let completion = StoreOperation.complete(upload: 1, key: 1, parts: [.init(number: 2, content: 8)])
        _ = history.begin(completion)
        #expect(history.restarted(as: before))
        var after = before
        _ = completion.apply(to: &after)
        #expect(history.restarted(as: after))
        // The object is there and so is the upload: a mixture.
        var mixture = after
        _ = StoreOperation.createUpload(1, key: 1).apply(to: &mixture)
        #expect(!history.restarted(as: mixture))
    }
}
