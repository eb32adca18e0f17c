// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CZstd
import ChunkFormat
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

/// Compresses neighbours as pieces of one zstd stream, so that each may repeat what the ones before it have.
///
/// Not faster and not slower than one by one. One job at a time.
final class GroupCompressor {
    private let context: OpaquePointer
    private var plainByteCount = 0
    private var frameCount = 0
    /// Of the frames so far.
    private var byteCount = 0

    init?(level: Int32) {
        guard let context = ZSTD_createCCtx() else { return nil }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, Self.windowLog)
        // Machine code repeats little at a time: with 5, as level 3 has it, libraries take 1 % more and sources 1 % less.
        ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 4)
        // The table of short matches, half as long as level 3 has it: 8 % faster for 0.2 % more.
        ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, 15)
        self.context = context
        endGroup()
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    private static let windowLog = Int32(PackFormat.groupPlainByteCountMax.trailingZeroBitCount)

    /// Adds a chunk to the group, or to a new one when it is full.
    ///
    /// - Parameter output: at least as long as `bytes`.
    /// - Returns: the length of the payload at the start of `output`, and what its frame's header says of the group; nil when it
    ///   would not be shorter than `bytes`, which ends the group.
    func append(
        _ bytes: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> (byteCount: Int, groupDistance: Int)? {
        if plainByteCount + bytes.count > PackFormat.groupPlainByteCountMax
            || frameCount == PackFormat.groupFrameCountMax
        {
            endGroup()
        }
        var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: bytes.count - 1, pos: 0)
        guard ZSTD_compressStream2(context, &target, &source, ZSTD_e_flush) == 0 else {
            endGroup()
            return nil
        }
        defer {
            plainByteCount += bytes.count
            frameCount += 1
            byteCount += PackFormat.frameHeaderByteCount + target.pos
        }
        return (target.pos, byteCount)
    }

    /// The frame of the next chunk does not follow.
    func endGroup() {
        ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        (plainByteCount, frameCount, byteCount) = (0, 0, 0)
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
