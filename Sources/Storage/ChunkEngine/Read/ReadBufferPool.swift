// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Keeps the buffers of long reads: fresh memory costs a page fault per 4 KiB, a fifth of what sending it takes.
///
/// A buffer is lent when nobody has a slice of what it held before. The pool learns of that by looking.
final class ReadBufferPool: Sendable {
    /// Shorter reads get their memory from the allocator, which keeps that much for itself.
    private static let byteCountMin = 64 << 10

    private let byteCountMax: Int
    private let keepCountMax = 16
    private let kept = Mutex<[ByteBuffer]>([])

    /// - Parameter byteCountMax: Longer reads get memory of their own.
    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    var keptCount: Int { kept.withLock { $0.count } }

    /// An empty buffer with room for `byteCount` bytes.
    func take(_ byteCount: Int) -> ByteBuffer {
        guard isPooled(byteCount) else { return ByteBufferAllocator().buffer(capacity: byteCount) }
        var (free, hasRoom) = kept.withLock { kept -> (ByteBuffer?, Bool) in
            let index = kept.indices.last { kept[$0].modifyIfUniquelyOwned { _ in } != nil }
            return (index.map { kept.remove(at: $0) }, kept.count < keepCountMax)
        }
        // In place: with a second reference it would get new memory.
        free?.clear()
        return free ?? ByteBufferAllocator().buffer(capacity: hasRoom ? byteCountMax : byteCount)
    }

    /// Remembers a buffer of `take(byteCount)` until its slices are gone.
    func keep(_ buffer: ByteBuffer, _ byteCount: Int) {
        guard isPooled(byteCount), buffer.capacity >= byteCountMax else { return }
        kept.withLock { kept in
            if kept.count < keepCountMax { kept.append(buffer) }
        }
    }

    private func isPooled(_ byteCount: Int) -> Bool {
        Self.byteCountMin <= byteCount && byteCount <= byteCountMax
    }
}
