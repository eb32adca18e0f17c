// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Repeatable bytes and numbers (SplitMix64).
struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { output, initializedCount in
            var index = 0
            while index < count {
                var word = next()
                for _ in 0..<min(8, count - index) {
                    output[index] = UInt8(truncatingIfNeeded: word)
                    word >>= 8
                    index += 1
                }
            }
            initializedCount = count
        }
    }
}

extension [UInt8] {
    /// Calls `body` with consecutive pieces of random length, some of them empty.
    func inRandomPieces(_ generator: inout TestGenerator, _ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                let piece = rest.prefix(
                    Int.random(in: 0...(Bool.random(using: &generator) ? 70 : 9_000), using: &generator)
                )
                body(UnsafeRawBufferPointer(rebasing: piece))
                rest = rest.dropFirst(piece.count)
            }
        }
    }
}
