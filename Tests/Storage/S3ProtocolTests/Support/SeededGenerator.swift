// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: the same numbers for the same seed, so that a failure comes back.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// `seed` with a few bytes changed, dropped, doubled or moved: near enough to be taken for real.
    mutating func mutated(_ seed: [UInt8], alphabet: [UInt8]) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...6, using: &self) {
            let position = Int.random(in: 0...bytes.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0 where position < bytes.count: bytes[position] = UInt8.random(in: .min ... .max, using: &self)
            case 1 where position < bytes.count: bytes.remove(at: position)
            case 2: bytes.insert(alphabet.randomElement(using: &self) ?? 0x20, at: position)
            case 3: bytes.removeSubrange(position...)
            default:
                let start = Int.random(in: 0...bytes.count, using: &self)
                let end = Int.random(in: start...bytes.count, using: &self)
                bytes.insert(contentsOf: bytes[start..<min(end, start + 64)], at: position)
            }
        }
        return bytes
    }
}
