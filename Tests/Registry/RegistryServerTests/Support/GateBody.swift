// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes
import Synchronization

/// A body of four bytes that arrive when the test says so.
final class GateBody: ObjectBody, Sendable {
    private struct State {
        var isAsked = false
        var isOpen = false
        var isDone = false
    }

    private let state = Mutex(State())

    func next() async throws(StoreError) -> ByteBuffer? {
        state.withLock { $0.isAsked = true }
        while !state.withLock({ $0.isOpen }) { await Task.yield() }
        let isDone = state.withLock { state in
            defer { state.isDone = true }
            return state.isDone
        }
        return isDone ? nil : ByteBuffer(string: "gate")
    }

    func open() { state.withLock { $0.isOpen = true } }

    func waitUntilAsked() async {
        while !state.withLock({ $0.isAsked }) { await Task.yield() }
    }
}
