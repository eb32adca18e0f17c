// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CZstd
import Synchronization

/// Decompression contexts, borrowed per chunk.
final class DecompressorPool: Sendable {
    /// One context; freed with its owner.
    private final class Context: @unchecked Sendable {  // Owned by whoever took it from the pool.
        let pointer: OpaquePointer

        init?() {
            guard let pointer = ZSTD_createDCtx() else { return nil }
            self.pointer = pointer
        }

        deinit {
            ZSTD_freeDCtx(pointer)
        }
    }

    private let free = Mutex<[Context]>([])
    private let keepCountMax = 4

    /// Fills `output` exactly; false when the payload is not a frame of that many plain bytes.
    func decompress(_ payload: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard let context = free.withLock({ $0.popLast() }) ?? Context() else { return false }
        let count = ZSTD_decompressDCtx(
            context.pointer,
            output.baseAddress,
            output.count,
            payload.baseAddress,
            payload.count
        )
        free.withLock { free in
            if free.count < keepCountMax { free.append(context) }
        }
        return ZSTD_isError(count) == 0 && count == output.count
    }
}
