// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Makes the values of `x-amz-request-id`: 16 upper-case hexadecimal digits, unique in a run, unguessable from outside.
///
/// A counter through SplitMix64's output function, which is a bijection: no two requests share an id, and one costs
/// an atomic addition where the system's generator costs a system call.
struct RequestIdentifiers: ~Copyable, Sendable {
    private let counter: Atomic<UInt64>
    private let mask: UInt64
    /// `x-amz-id-2`: names the process that answered.
    let host: String

    init(random: any RandomSource) {
        counter = Atomic(random.next())
        mask = random.next()
        host = Self.text(random.next()) + Self.text(random.next())
    }

    func next() -> String {
        // SplitMix64 (Steele, Lea, Flood 2014): the golden-ratio step, then two xor-multiply rounds.
        var value = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Self.text((value ^ (value >> 31)) ^ mask)
    }

    private static func text(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { output in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - index * 4)) & 15
                output[index] = Hex.upperDigit(digit)
            }
            return 16
        }
    }
}
