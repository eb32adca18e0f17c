// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Where and why bytes could not be read as the record they should be.
package struct DecodeError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Hashable {
        case truncated, badMagic, unsupportedVersion, badChecksum, invalidValue, trailingBytes
    }

    package let reason: Reason
    /// Bytes from the start of the record.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// Appends fixed-width little-endian integers, varints and counted bytes to a record.
///
/// Keys are big-endian so that they sort; values are little-endian so that they load in one instruction.
package struct RecordWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func fixed<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// LEB128: seven bits a byte, lowest first.
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func raw(_ other: some Collection<UInt8>) {
        bytes.append(contentsOf: other)
    }

    /// A varint count and the bytes.
    package mutating func counted(_ other: some Collection<UInt8>) {
        varint(UInt64(other.count))
        bytes.append(contentsOf: other)
    }

    /// A tag, a varint count and the bytes: what a reader of an older version can skip.
    package mutating func field(_ tag: UInt8, _ other: some Collection<UInt8>) {
        bytes.append(tag)
        counted(other)
    }
}

/// Reads what `RecordWriter` wrote; every call checks its bounds.
package struct RecordReader {
    package let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    package var isAtEnd: Bool { position == bytes.endIndex }
    /// Bytes read so far.
    package var offset: Int { position - bytes.startIndex }

    package mutating func fixed<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(DecodeError) -> Integer {
        let count = Integer.bitWidth / 8
        guard bytes.endIndex - position >= count else { throw DecodeError(.truncated, at: offset) }
        var value: Integer = 0
        for index in 0..<count {
            value |= Integer(truncatingIfNeeded: bytes[position + index]) << Integer(truncatingIfNeeded: index * 8)
        }
        position += count
        return value
    }

    package mutating func varint() throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard position < bytes.endIndex else { throw DecodeError(.truncated, at: offset) }
            let byte = bytes[position]
            guard shift < 63 || byte <= 1 else { throw DecodeError(.invalidValue, at: offset) }
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    package mutating func raw(_ count: Int) throws(DecodeError) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.endIndex - position >= count else { throw DecodeError(.truncated, at: offset) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    package mutating func counted() throws(DecodeError) -> ArraySlice<UInt8> {
        let count = try varint()
        guard count <= UInt64(bytes.endIndex - position) else { throw DecodeError(.truncated, at: offset) }
        return try raw(Int(count))
    }

    /// The next tagged field; nil at the end.
    package mutating func field() throws(DecodeError) -> (tag: UInt8, value: ArraySlice<UInt8>)? {
        guard position < bytes.endIndex else { return nil }
        let tag = bytes[position]
        position += 1
        return (tag, try counted())
    }
}
