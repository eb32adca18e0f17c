// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Hexadecimal, lower-case unless it says otherwise.
package enum Hex {
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        bytes.withBytes { bytes in
            String(unsafeUninitializedCapacity: bytes.count * 2) { output in
                for index in bytes.indices {
                    output[index * 2] = digit(bytes[index] >> 4)
                    output[index * 2 + 1] = digit(bytes[index] & 15)
                }
                return bytes.count * 2
            }
        }
    }

    /// Nil unless the text is an even number of hexadecimal digits of either case.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        text.withBytes { decode(bytes: $0) }
    }

    private static func decode(bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard bytes.count.isMultiple(of: 2) else { return nil }
        var isValid = true
        let result = [UInt8](unsafeUninitializedCapacity: bytes.count / 2) { output, count in
            for index in 0..<bytes.count / 2 {
                guard let high = value(ofDigit: bytes[index * 2]), let low = value(ofDigit: bytes[index * 2 + 1]) else {
                    isValid = false
                    return
                }
                output[index] = high << 4 | low
                count = index + 1
            }
        }
        return isValid ? result : nil
    }

    @inlinable @inline(__always)
    package static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 48 : value &+ 87 }

    @inlinable @inline(__always)
    package static func upperDigit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 48 : value &+ 55 }

    /// What a digit of either case stands for.
    @inlinable @inline(__always)
    package static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit &- 48
        case 65...70: digit &- 55
        case 97...102: digit &- 87
        default: nil
        }
    }
}
