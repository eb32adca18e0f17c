// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import ChunkFormat

/// Finds content-defined cuts: the same for the same bytes, however they arrive and on every CPU (`OnDiskFormat.md`,
/// "Cuts").
struct Chunker {
    /// Fastest first: 19, 9 and 6 GB/s.
    static let kernels = [drydock_kernel_avx512, drydock_kernel_avx2, drydock_kernel_scalar]

    private let kernel: drydock_kernel
    private let rule: drydock_chunk_rule

    /// - Parameter kernel: Must be available on this CPU.
    init(
        _ sizes: ChunkSizes,
        kernel: drydock_kernel = kernels.first(where: drydock_kernel_available) ?? drydock_kernel_scalar
    ) {
        self.kernel = kernel
        // A mark of n bits lets one position in 2^n be a cut. Around the normal size n moves by two either way, so that
        // sizes gather there (normalized chunking of the FastCDC paper).
        let bits = sizes.byteCountNormal.bitWidth - 1 - sizes.byteCountNormal.leadingZeroBitCount
        rule = drydock_chunk_rule(
            minimum: sizes.byteCountMin,
            normal: sizes.byteCountNormal,
            maximum: sizes.byteCountMax,
            mark: ~0 << UInt16(16 - (bits - 2)),
            strict_mark: ~0 << 12
        )
    }

    /// The length of the chunk that starts where `bytes` do; nil when it ends behind them.
    ///
    /// - Parameter scanned: How many of them an earlier call has looked at without finding the end.
    func length(_ bytes: UnsafeRawBufferPointer, scanned: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let length = withUnsafePointer(to: rule) {
            drydock_chunk_length(kernel, $0, base.assumingMemoryBound(to: UInt8.self), scanned, bytes.count)
        }
        return length == 0 ? nil : length
    }
}
