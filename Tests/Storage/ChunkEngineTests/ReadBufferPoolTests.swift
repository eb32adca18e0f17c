// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import ChunkEngine

@Suite struct `Read buffer pool` {
    private static let byteCount = 128 << 10
    private let pool = ReadBufferPool(byteCountMax: byteCount)

    /// A buffer as a read leaves it.
    private func filled(_ byte: UInt8, _ byteCount: Int = byteCount) -> ByteBuffer {
        var buffer = pool.take(byteCount)
        buffer.writeRepeatingByte(byte, count: byteCount)
        pool.keep(buffer, byteCount)
        return buffer
    }

    private func address(_ buffer: ByteBuffer) -> UnsafeRawPointer? {
        buffer.withVeryUnsafeBytes { $0.baseAddress }
    }

    @Test func `memory is lent again once no slice of it is left`() {
        let first = address(filled(1))
        var next = pool.take(Self.byteCount)
        #expect(address(next) == first)
        #expect(next.readableBytes == 0)
        next.writeRepeatingByte(2, count: Self.byteCount)
        #expect(address(next) == first, "it has room for the whole read")
    }

    @Test func `bytes that somebody still has a slice of stay`() {
        var whole: ByteBuffer? = filled(1)
        let first = whole.flatMap(address)
        var slice = whole?.getSlice(at: 100, length: 1)
        whole = nil
        let second = filled(2)
        #expect(slice?.getInteger(at: 0) == UInt8(1))
        slice = nil
        let third = filled(3)
        #expect(address(third) == first)
        #expect(second.getInteger(at: 0) == UInt8(2))
    }

    @Test func `memory of a read that failed is lent again`() {
        let first = pool.take(Self.byteCount)
        pool.keep(first, Self.byteCount)
        #expect(pool.keptCount == 1)
    }

    @Test func `no more than sixteen are kept`() {
        let lent = (0..<20).map { filled(UInt8($0)) }
        #expect(lent.count == 20)
        #expect(pool.keptCount == 16)
    }

    @Test(arguments: [100, byteCount + 1])
    func `short and very long reads have memory of their own`(_ byteCount: Int) {
        _ = filled(1, byteCount)
        #expect(pool.take(byteCount).capacity >= byteCount)
        #expect(pool.keptCount == 0)
    }
}
