// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CZstd
import StorageTypes
import Synchronization

/// A zstd context. One job at a time.
final class Compressor: @unchecked Sendable {  // Owned by whoever took it from the pool.
    private let context: OpaquePointer

    init?(level: Int32) {
        guard let context = ZSTD_createCCtx() else { return nil }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        self.context = context
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// The length of the compressed bytes at the start of `output`; nil unless they are at least a sixteenth (6 %) shorter.
    ///
    /// - Parameter output: at least as long as `bytes`.
    func compress(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        precondition(output.count >= bytes.count, "room for the payload")
        // zstd stops as soon as the result outgrows the room it was given.
        let limit = bytes.count - bytes.count / 16
        let count = ZSTD_compress2(context, output.baseAddress, limit, bytes.baseAddress, bytes.count)
        return ZSTD_isError(count) == 0 ? count : nil
    }
}

/// Contexts are half a megabyte and slow to make: each job borrows one.
final class CompressorPool: Sendable {
    private let free = Mutex<[Compressor]>([])
    private let keepCountMax = 4
    private let level: Int32

    init(level: Int32) {
        self.level = level
    }

    func take() -> Compressor? {
        if let compressor = free.withLock({ $0.popLast() }) { return compressor }
        return Compressor(level: level)
    }

    func giveBack(_ compressor: Compressor) {
        free.withLock { free in
            if free.count < keepCountMax { free.append(compressor) }
        }
    }
}
