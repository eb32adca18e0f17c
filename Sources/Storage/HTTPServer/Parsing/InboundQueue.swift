// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Received bytes that nobody has taken yet, in the buffers they came in, so that a body is handed on without a copy.
struct InboundQueue {
    private(set) var first = ByteBuffer()
    private var rest: [ByteBuffer] = []
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        if byteCount == 0 {
            first = buffer
        } else {
            rest.append(buffer)
        }
        byteCount += buffer.readableBytes
    }

    /// Joins all bytes into one buffer, as a head that came in pieces needs.
    mutating func makeContiguous() {
        guard !rest.isEmpty else { return }
        // Doubling, so that bytes that trickle in are not copied again for each.
        first.reserveCapacity(minimumWritableBytes: max(byteCount - first.readableBytes, first.readableBytes))
        for index in rest.indices { first.writeBuffer(&rest[index]) }
        rest.removeAll()
    }

    /// Moves a small rest out of a large buffer, so that a connection that waits doesn't hold it.
    mutating func compact() {
        guard rest.isEmpty, first.capacity > 4_096, byteCount * 4 < first.capacity else { return }
        var small = ByteBuffer()
        small.reserveCapacity(byteCount)
        small.writeBuffer(&first)
        first = small
    }

    mutating func withFirst<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        first.withUnsafeReadableBytes(body)
    }

    mutating func skip(_ count: Int) {
        first.moveReaderIndex(forwardBy: count)
        byteCount -= count
        advanceIfSpent()
    }

    /// Takes up to `limit` bytes, of the first buffer only; nil when empty.
    mutating func take(atMost limit: Int) -> ByteBuffer? {
        guard byteCount > 0, limit > 0 else { return nil }
        let count = min(limit, first.readableBytes)
        guard let piece = first.readSlice(length: count) else { return nil }
        byteCount -= count
        advanceIfSpent()
        return piece
    }

    mutating func removeAll() {
        self = InboundQueue()
    }

    private mutating func advanceIfSpent() {
        guard first.readableBytes == 0 else { return }
        first = rest.isEmpty ? ByteBuffer() : rest.removeFirst()
    }
}
