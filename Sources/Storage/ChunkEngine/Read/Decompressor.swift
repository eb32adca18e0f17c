// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CZstd
import Synchronization

/// A zstd context. One job at a time.
final class Decompressor: @unchecked Sendable {  // Owned by whoever took it from the pool.
    private let context: OpaquePointer
    private var output = ZSTD_outBuffer()

    init?() {
        guard let context = ZSTD_createDCtx() else { return nil }
        // A stream's plain bytes stay where they are, so that zstd need not keep a copy to look back at.
        ZSTD_DCtx_setParameter(context, ZSTD_d_experimentalParam2, 1)
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Fills `output` exactly; false when the payload is not a frame of that many plain bytes.
    func decompress(_ payload: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        let count = ZSTD_decompressDCtx(
            context,
            output.baseAddress,
            output.count,
            payload.baseAddress,
            payload.count
        )
        return ZSTD_isError(count) == 0 && count == output.count
    }

    /// Begins a stream of pieces, whose plain bytes come to lie one behind the other in `output`. It stays where it is, and
    /// untouched, until the last piece.
    func begin(_ output: UnsafeMutableRawBufferPointer) {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        self.output = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    }

    /// Where the next piece's plain bytes are in the output; nil when it is no such piece, which ends the stream.
    func next(_ piece: UnsafeRawBufferPointer) -> Range<Int>? {
        let start = output.pos
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        while input.pos < input.size {
            let before = (input.pos, output.pos)
            guard ZSTD_isError(ZSTD_decompressStream(context, &output, &input)) == 0, before != (input.pos, output.pos)
            else { return nil }
        }
        return start..<output.pos
    }
}

/// Decompression contexts, borrowed per chunk.
final class DecompressorPool: Sendable {
    private let free = Mutex<[Decompressor]>([])
    private let keepCountMax = 4

    func take() -> Decompressor? {
        free.withLock { $0.popLast() } ?? Decompressor()
    }

    func giveBack(_ decompressor: Decompressor) {
        free.withLock { free in
            if free.count < keepCountMax { free.append(decompressor) }
        }
    }

    /// `Decompressor.decompress`
    func decompress(_ payload: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard let decompressor = take() else { return false }
        defer { giveBack(decompressor) }
        return decompressor.decompress(payload, into: output)
    }
}
