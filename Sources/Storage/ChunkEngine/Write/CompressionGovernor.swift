// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Decides chunk by chunk whether trying to compress is worth it.
///
/// Costs about 2 µs per look. After k failures in a row it looks at one chunk in 2^k only (at most one in 32, 2 MiB), so a
/// stream of JPEGs pays next to nothing, and a tar of mixed files soon finds its compressible ones again.
struct CompressionGovernor {
    private static let skipCountMax = 31
    private static let sampleByteCount = 4_096

    /// False: nothing is tried.
    var isTrying: Bool
    private var skipCount = 0
    private var backoff = 0

    init(isTrying: Bool = true) {
        self.isTrying = isTrying
    }

    mutating func shouldTry(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isTrying else { return false }
        if skipCount > 0 {
            skipCount -= 1
            return false
        }
        guard Self.looksRandom(bytes) else { return true }
        failed()
        return false
    }

    mutating func succeeded() {
        backoff = 0
    }

    mutating func failed() {
        backoff = min(backoff * 2 + 1, Self.skipCountMax)
        skipCount = backoff
    }

    /// Says whether byte values are spread as evenly as in encrypted or compressed data.
    ///
    /// Over n samples of k equally likely values, the sum of squared counts is n + n(n - 1) / k on average; text and machine
    /// code give several times that. A tenth more than the even spread is taken for random.
    static func looksRandom(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 512 else { return false }
        let spotByteCount = min(256, bytes.count / 16)
        let stride = bytes.count / 16
        let total = spotByteCount * 16
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            for spot in 0..<16 {
                for index in spot * stride..<spot * stride + spotByteCount {
                    counts[Int(bytes[index])] &+= 1
                }
            }
            var sum = 0
            for count in counts { sum &+= Int(count) &* Int(count) }
            let even = total + total * (total - 1) / 256
            return sum * 10 <= even * 11
        }
    }
}
