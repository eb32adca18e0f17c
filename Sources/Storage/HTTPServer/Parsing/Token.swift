// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The characters of methods and header names (RFC 9110 §5.6.2).
enum Token {
    /// One bit per character below 64: ! # $ % & ' * + - . and the digits.
    private static let low: UInt64 = 0x03FF_6CFA_0000_0000
    /// One bit per character from 64: the letters, ^ _ ` | ~.
    private static let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    @inline(__always) static func contains(_ byte: UInt8) -> Bool {
        byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte &- 64) & 1 == 1
    }
}
