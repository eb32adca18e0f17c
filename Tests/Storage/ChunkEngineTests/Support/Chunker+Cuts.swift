// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

@testable import ChunkEngine
import StorageTestSupport

extension Chunker {
    /// The ends of all chunks but the last, found while the bytes arrive in pieces of what length `pieces` says.
    mutating func cuts(
        _ bytes: [UInt8],
        seed: UInt64 = 9,
        pieces: (inout SeededGenerator) -> Int = { _ in .max / 2 }
    ) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        var result: [Int] = []
        bytes.withUnsafeBytes { bytes in
            var (start, end) = (0, 0)
            while end < bytes.count {
                end = min(bytes.count, end + pieces(&generator))
                while let length = length(.init(rebasing: bytes[start..<end]), isLast: end == bytes.count) {
                    start += length
                    result.append(start)
                }
            }
        }
        return result
    }
}
