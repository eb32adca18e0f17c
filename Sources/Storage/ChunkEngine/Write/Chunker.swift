// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import ChunkFormat

/// Finds content-defined cuts: the same for the same bytes, however they arrive (`OnDiskFormat.md`, "Cuts").
struct Chunker {
    private var state: drydock_chunker

    init(_ sizes: ChunkSizes) {
        // A mask of n ones at the top lets one position in 2^n be a cut. Around the normal size n moves by two either
        // way, so that sizes gather there (normalized chunking of the FastCDC paper).
        let bits = UInt64(sizes.byteCountNormal.bitWidth - 1 - sizes.byteCountNormal.leadingZeroBitCount)
        state = drydock_chunker(
            hash: 0,
            length: 0,
            minimum: sizes.byteCountMin,
            normal: sizes.byteCountNormal,
            maximum: sizes.byteCountMax,
            strict_mask: ~0 << (64 - bits - 2),
            loose_mask: ~0 << (64 - bits + 2)
        )
    }

    /// Takes bytes up to the end of the current chunk or of the input; says how many, and whether the chunk ends there.
    mutating func advance(_ bytes: UnsafeRawBufferPointer) -> (byteCount: Int, isCut: Bool) {
        guard let base = bytes.baseAddress else { return (0, false) }
        var isCut = false
        let taken = drydock_chunker_advance(
            &state,
            base.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            &isCut
        )
        return (taken, isCut)
    }

    /// Entry `index` (0...255) of the gear table.
    static func gear(_ index: Int) -> UInt64 {
        drydock_chunker_gear(index)
    }
}
