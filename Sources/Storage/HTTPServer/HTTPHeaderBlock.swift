// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Header lines in the order they came.
///
/// Names compare without case; every `lowercaseName` given to a method must be in lower case. Values are without the
/// white space around them, decoded as UTF-8, or as Latin-1 where that is not valid. A look-up walks the lines (cost:
/// one length comparison each) and allocates only what it returns.
package struct HTTPHeaderBlock: Sendable {
    struct Line: Sendable {
        /// Offsets count from the first byte of `buffer`'s readable part.
        var nameStart: UInt32
        var nameCount: UInt16
        var valueStart: UInt32
        var valueCount: UInt32
    }

    let buffer: ByteBuffer
    let lines: [Line]
    /// Names, values and line ends together.
    package let byteCount: Int

    package var count: Int { lines.count }

    init(buffer: ByteBuffer, lines: [Line], byteCount: Int) {
        self.buffer = buffer
        self.lines = lines
        self.byteCount = byteCount
    }

    /// The same lines in a buffer that holds nothing else.
    func compacted() -> HTTPHeaderBlock {
        var copy = ByteBuffer()
        copy.reserveCapacity(buffer.readableBytes)
        copy.writeImmutableBuffer(buffer)
        return HTTPHeaderBlock(buffer: copy, lines: lines, byteCount: byteCount)
    }

    /// A block as if these lines had arrived; for tests.
    package init(_ pairs: [(String, String)]) {
        var buffer = ByteBuffer()
        var lines: [Line] = []
        for (name, value) in pairs {
            let nameStart = buffer.writerIndex
            buffer.writeString(name)
            buffer.writeString(": ")
            let valueStart = buffer.writerIndex
            buffer.writeString(value)
            buffer.writeString("\r\n")
            lines.append(
                Line(
                    nameStart: UInt32(nameStart),
                    nameCount: UInt16(name.utf8.count),
                    valueStart: UInt32(valueStart),
                    valueCount: UInt32(value.utf8.count),
                )
            )
        }
        self.init(buffer: buffer, lines: lines, byteCount: buffer.readableBytes)
    }

    /// The first value under that name.
    package func first(_ lowercaseName: String) -> String? {
        buffer.withUnsafeReadableBytes { bytes in
            for line in lines where Self.matches(bytes, line, lowercaseName) {
                return Self.value(bytes, line)
            }
            return nil
        }
    }

    package func contains(_ lowercaseName: String) -> Bool {
        buffer.withUnsafeReadableBytes { bytes in
            lines.contains { Self.matches(bytes, $0, lowercaseName) }
        }
    }

    /// Each line's value under that name, in the order they came.
    package func all(_ lowercaseName: String) -> [String] {
        buffer.withUnsafeReadableBytes { bytes in
            var values: [String] = []
            for line in lines where Self.matches(bytes, line, lowercaseName) {
                values.append(Self.value(bytes, line))
            }
            return values
        }
    }

    /// All values under that name joined by "," as RFC 9110 §5.3 allows; nil without such a line.
    package func joined(_ lowercaseName: String) -> String? {
        buffer.withUnsafeReadableBytes { bytes in
            var result: String?
            for line in lines where Self.matches(bytes, line, lowercaseName) {
                let value = Self.value(bytes, line)
                result = result.map { $0 + "," + value } ?? value
            }
            return result
        }
    }

    /// Each line's name as sent and its value in UTF-8, as bytes that are valid inside `body` only.
    package func forEach(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        buffer.withUnsafeReadableBytes { bytes in
            for line in lines {
                let name = Self.slice(bytes, line.nameStart, UInt32(line.nameCount))
                let value = Self.slice(bytes, line.valueStart, line.valueCount)
                if value.allSatisfy({ $0 < 0x80 }) {
                    body(name, value)
                } else {
                    var text = Self.value(bytes, line)
                    text.withUTF8 { body(name, UnsafeRawBufferPointer($0)) }
                }
            }
        }
    }
}

extension HTTPHeaderBlock {
    private static func matches(_ bytes: UnsafeRawBufferPointer, _ line: Line, _ lowercaseName: String) -> Bool {
        guard Int(line.nameCount) == lowercaseName.utf8.count else { return false }
        let start = Int(line.nameStart)
        var offset = start
        for byte in lowercaseName.utf8 {
            guard ASCII.lowercased(bytes[offset]) == byte else { return false }
            offset += 1
        }
        return true
    }

    private static func slice(_ bytes: UnsafeRawBufferPointer, _ start: UInt32, _ count: UInt32)
        -> UnsafeRawBufferPointer
    {
        UnsafeRawBufferPointer(rebasing: bytes[Int(start)..<Int(start) + Int(count)])
    }

    private static func value(_ bytes: UnsafeRawBufferPointer, _ line: Line) -> String {
        let slice = slice(bytes, line.valueStart, line.valueCount)
        if let text = String(validating: slice, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(slice.map { Unicode.Scalar($0) }))
    }
}
