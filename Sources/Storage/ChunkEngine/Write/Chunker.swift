// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import CStorageShims
import ChunkFormat
package import StorageTypes

/// Finds the cuts of one content: the same for the same bytes and way of chunking, however they arrive and on every CPU
/// (`OnDiskFormat.md`, "Cuts").
package struct Chunker {
    /// Fastest first: 19, 9 and 6 GB/s.
    static let kernels = [drydock_kernel_avx512, drydock_kernel_avx2, drydock_kernel_scalar]
    /// How far behind the longest chunk bytes may already be there: a header that is not yet complete.
    static let lookaheadByteCountMax = TarHeader.byteCount

    private let kernel: drydock_kernel
    private let rule: drydock_chunk_rule
    private let chunking: Chunking
    private let wholeByteCount: Int
    private var tar: TarWalk
    /// Where the chunk begins, in the content.
    private var start = 0
    /// How many of its bytes were looked at without finding its end.
    private var scanned = 0

    /// - Parameters:
    ///   - wholeByteCount: the length of chunks that are as long as can be.
    ///   - kernel: Must be available on this CPU.
    package init(
        _ sizes: ChunkSizes,
        _ chunking: Chunking = .contentDefined,
        wholeByteCount: Int = PackFormat.chunkByteCountMax,
        kernel: drydock_kernel = kernels.first(where: drydock_kernel_available) ?? drydock_kernel_scalar
    ) {
        self.kernel = kernel
        self.chunking = chunking
        self.wholeByteCount = wholeByteCount
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
        tar = TarWalk(dataByteCountMin: sizes.byteCountMin)
    }

    /// The length of the next chunk; nil when it ends behind `bytes`, or when they are the last chunk.
    ///
    /// - Parameters:
    ///   - bytes: what is there of the content behind the chunk before: at least what the last call saw of it.
    ///   - isLast: the content ends with them.
    package mutating func length(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        var known = bytes.count
        if chunking != .whole {
            tar.advance(bytes, at: start)
            // A header behind this may ask for a cut.
            if !isLast { known = min(known, tar.position - start) }
        }
        guard let length = length(UnsafeRawBufferPointer(rebasing: bytes[..<known])) else {
            scanned = known
            return nil
        }
        start += length
        scanned = 0
        return length
    }

    /// A chunk that begins here or before is cut by the hash alone, and so as in any other content that has a cut there; nil when
    /// the next chunk may not be.
    var plainStartMax: Int? {
        guard chunking == .contentDefined, tar.position > start else { return nil }
        guard let data = tar.data else { return tar.first == nil ? .max : nil }
        let last = data.upperBound - rule.maximum - rule.minimum
        return data.lowerBound <= start && start <= last ? last : nil
    }

    /// Goes on behind chunks that are known, the last of which begins at `plainStartMax` or before.
    mutating func skip(to offset: Int) {
        start = offset
        scanned = 0
        tar.skip(to: offset)
    }

    private func length(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let isInData = tar.data?.lowerBound ?? .max <= start
        // Up to the next place where a chunk ends for the sake of a tar.
        let rest = (isInData ? tar.data?.upperBound : tar.data?.lowerBound).map { $0 - start } ?? .max
        switch chunking {
        case .whole: return wholeByteCount <= bytes.count ? wholeByteCount : nil
        case .pages where isInData || tar.first ?? .max > start:
            // The normal size is a multiple of any database's pages.
            let end = min(rest, rule.normal)
            return end <= bytes.count ? end : nil
        case .contentDefined where isInData:
            // No cut leaves less than the shortest chunk for the end.
            let last = min(rest - rule.minimum, rule.maximum)
            return length(bytes, last: last, end: rest <= rule.maximum ? rest : last)
        case .contentDefined, .pages:
            let end = min(rest, rule.maximum)
            return length(bytes, last: end, end: end)
        }
    }

    /// - Parameters:
    ///   - last: the longest chunk that the content decides to cut.
    ///   - end: the length without such a cut.
    private func length(_ bytes: UnsafeRawBufferPointer, last: Int, end: Int) -> Int? {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let cut = withUnsafePointer(to: rule) {
            drydock_chunk_length(kernel, $0, base, scanned, min(bytes.count, max(last, 0)))
        }
        if cut > 0 { return cut }
        return end <= bytes.count ? end : nil
    }
}
