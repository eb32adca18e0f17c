// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// RFC 4648 base64 with padding, read strictly: a value has exactly one spelling.
package enum Base64 {
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        bytes.withBytes { encode(bytes: $0) }
    }

    private static func encode(bytes: UnsafeBufferPointer<UInt8>) -> String {
        let count = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: count) { output in
            var position = 0
            var group: UInt32 = 0
            var pending = 0
            for byte in bytes {
                group = group << 8 | UInt32(byte)
                pending += 1
                guard pending == 3 else { continue }
                write(group, digits: 4, to: output, at: &position)
                group = 0
                pending = 0
            }
            if pending > 0 {
                write(group << (pending == 1 ? 16 : 8), digits: pending + 1, to: output, at: &position)
                while !position.isMultiple(of: 4) {
                    output[position] = UInt8(ascii: "=")
                    position += 1
                }
            }
            return position
        }
    }

    /// Nil for anything but whole groups of four digits with canonical padding: no white space, no missing `=`, no
    /// stray bits behind the last byte.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        text.withBytes { decode(bytes: $0) }
    }

    private static func decode(bytes text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard padding <= 2 else { return nil }
                continue
            }
            guard padding == 0, let value = value(byte) else { return nil }
            group = group << 6 | UInt32(value)
            digits += 1
            guard digits == 4 else { continue }
            result.append(UInt8(truncatingIfNeeded: group >> 16))
            result.append(UInt8(truncatingIfNeeded: group >> 8))
            result.append(UInt8(truncatingIfNeeded: group))
            group = 0
            digits = 0
        }
        switch (digits, padding) {
        case (0, 0):
            break
        case (2, 2) where group & 0xF == 0:
            result.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1) where group & 0x3 == 0:
            result.append(UInt8(truncatingIfNeeded: group >> 10))
            result.append(UInt8(truncatingIfNeeded: group >> 2))
        default:
            return nil
        }
        return result
    }

    package static func decode(_ text: String) -> [UInt8]? { decode(text.utf8) }

    private static func write(
        _ group: UInt32,
        digits: Int,
        to output: UnsafeMutableBufferPointer<UInt8>,
        at position: inout Int
    ) {
        for index in 0..<digits {
            output[position] = digit(UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * index)) & 63)
            position += 1
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0...25: value + 65
        case 26...51: value + 71
        case 52...61: value - 4
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 65...90: digit - 65
        case 97...122: digit - 71
        case 48...57: digit + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
