// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding as S3 signs it: unreserved `A–Z a–z 0–9 - . _ ~` stay, everything else becomes `%XX` (upper case).
package enum PercentEncoding {
    /// Appends the encoded form of `bytes`. - Parameter keepsSlash: `/` stays as it is, as in a path.
    package static func append(_ bytes: some Collection<UInt8>, keepsSlash: Bool, to output: inout [UInt8]) {
        bytes.withBytes { bytes in
            for byte in bytes {
                if isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                    output.append(byte)
                } else {
                    output.append(UInt8(ascii: "%"))
                    output.append(Hex.upperDigit(byte >> 4))
                    output.append(Hex.upperDigit(byte & 15))
                }
            }
        }
    }

    package static func encode(_ bytes: some Collection<UInt8>, keepsSlash: Bool = true) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 4)
        append(bytes, keepsSlash: keepsSlash, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Decodes once. Nil for a `%` without two hexadecimal digits behind it.
    ///
    /// - Parameter plusIsSpace: as in a query; in a path a plus is a plus.
    package static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        text.withBytes { decode(bytes: $0, plusIsSpace) }
    }

    private static func decode(bytes: UnsafeBufferPointer<UInt8>, _ plusIsSpace: Bool) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "%"):
                guard index + 1 < bytes.count, let high = Hex.value(ofDigit: bytes[index]),
                    let low = Hex.value(ofDigit: bytes[index + 1])
                else { return nil }
                index += 2
                output.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                output.append(UInt8(ascii: " "))
            default:
                output.append(byte)
            }
        }
        return output
    }

    @inlinable @inline(__always)
    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 65...90, 97...122, 48...57, 45, 46, 95, 126: true
        default: false
        }
    }
}
