// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The 512 bytes in front of each entry of a POSIX or GNU tar.
enum TarHeader {
    static let byteCount = 512
    private static let checksum = 148..<156
    private static let size = 124..<136

    /// The length of the entry's data; nil when this is no header, which the checksum says.
    ///
    /// - Parameter bytes: 512.
    static func dataByteCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
        // "ustar", which is followed by a zero in one format and by a space in the other.
        guard bytes.loadUnaligned(fromByteOffset: 257, as: UInt32.self).littleEndian == 0x6174_7375,
            bytes[261] == UInt8(ascii: "r"), octal(bytes[checksum]) == sum(bytes)
        else { return nil }
        switch bytes[156] {
        // Links, devices, directories and pipes have no data, whatever their size says.
        case UInt8(ascii: "1")...UInt8(ascii: "6"): return 0
        default: return number(bytes[size])
        }
    }

    /// Of all bytes, those of the checksum taken for spaces.
    private static func sum(_ bytes: UnsafeRawBufferPointer) -> Int {
        var sum: UInt32 = 0
        for byte in bytes { sum &+= UInt32(byte) }
        for byte in bytes[checksum] { sum &+= 32 &- UInt32(byte) }
        return Int(sum)
    }

    /// Octal digits, or with the highest bit set a big-endian integer; nil from 2^56 on and for negative ones.
    private static func number(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let first = field.first, first >= 0x80 else { return octal(field) }
        guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
        return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Digits between spaces or zeros, at most twelve; none are 0.
    private static func octal(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 & 7) }
    }
}
