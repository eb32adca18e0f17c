// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CZstd
import StorageTypes
import Synchronization

/// A zstd context with room for what it makes. One job at a time.
final class Compressor: @unchecked Sendable {  // Owned by whoever took it from the pool.
    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer
    private var used = 0

    /// - Parameter outputByteCount: all results between two `reset` together.
    init?(level: Int32, outputByteCount: Int) {
        guard let context = ZSTD_createCCtx() else { return nil }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        self.context = context
        output = .allocate(byteCount: outputByteCount, alignment: 64)
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    /// Invalidates all results.
    func reset() {
        used = 0
    }

    /// The compressed bytes, valid until `reset`; nil unless they are at least a sixteenth (6 %) shorter.
    func compress(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let limit = bytes.count - bytes.count / 16
        guard limit <= output.count - used, let base = output.baseAddress else { return nil }
        // zstd stops as soon as the result outgrows the room it was given.
        let count = ZSTD_compress2(context, base + used, limit, bytes.baseAddress, bytes.count)
        guard ZSTD_isError(count) == 0 else { return nil }
        defer { used += count }
        return UnsafeRawBufferPointer(start: base + used, count: count)
    }
}

/// Contexts are half a megabyte and slow to make: each job borrows one.
final class CompressorPool: Sendable {
    private let free = Mutex<[Compressor]>([])
    private let keepCountMax = 4
    private let level: Int32
    private let outputByteCount: Int

    init(level: Int32, outputByteCount: Int) {
        self.level = level
        self.outputByteCount = outputByteCount
    }

    func take() -> Compressor? {
        if let compressor = free.withLock({ $0.popLast() }) { return compressor }
        return Compressor(level: level, outputByteCount: outputByteCount)
    }

    func giveBack(_ compressor: Compressor) {
        compressor.reset()
        free.withLock { free in
            if free.count < keepCountMax { free.append(compressor) }
        }
    }
}
