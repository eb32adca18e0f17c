// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import StorageTypes

/// Writes the XML of S3's answers into one buffer; element names are constants of the program.
///
/// `spec/s3.md` §1.2: declaration first, the S3 namespace on the root of success bodies, characters that XML 1.0
/// can't hold as numeric references. Open and close must pair; that is the caller's duty and the tests'.
package struct XMLWriter {
    package static let namespace: StaticString = "http://s3.amazonaws.com/doc/2006-03-01/"

    package private(set) var buffer: ByteBuffer

    package init(allocator: ByteBufferAllocator = ByteBufferAllocator(), capacity: Int = 1_024) {
        buffer = allocator.buffer(capacity: capacity)
        buffer.writeStaticString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// The finished document.
    package consuming func finish() -> ByteBuffer { buffer }

    /// Opens the root. - Parameter namespace: nil for none.
    package mutating func open(_ name: StaticString, namespace: StaticString?) {
        buffer.writeStaticString("<")
        buffer.writeStaticString(name)
        if let namespace {
            buffer.writeStaticString(" xmlns=\"")
            buffer.writeStaticString(namespace)
            buffer.writeStaticString("\"")
        }
        buffer.writeStaticString(">")
    }

    package mutating func open(_ name: StaticString) {
        buffer.writeStaticString("<")
        buffer.writeStaticString(name)
        buffer.writeStaticString(">")
    }

    package mutating func close(_ name: StaticString) {
        buffer.writeStaticString("</")
        buffer.writeStaticString(name)
        buffer.writeStaticString(">")
    }

    /// `<name/>`
    package mutating func empty(_ name: StaticString) {
        buffer.writeStaticString("<")
        buffer.writeStaticString(name)
        buffer.writeStaticString("/>")
    }

    package mutating func element(_ name: StaticString, _ text: String) {
        open(name)
        self.text(text)
        close(name)
    }

    package mutating func element(_ name: StaticString, _ text: String?) {
        if let text { element(name, text) }
    }

    package mutating func element(_ name: StaticString, _ text: [UInt8]) {
        open(name)
        self.text(text)
        close(name)
    }

    /// A constant that needs no escaping.
    package mutating func element(_ name: StaticString, constant: StaticString) {
        open(name)
        buffer.writeStaticString(constant)
        close(name)
    }

    package mutating func element(_ name: StaticString, _ value: Bool) {
        element(name, constant: value ? "true" : "false")
    }

    package mutating func element(_ name: StaticString, _ value: some BinaryInteger) {
        open(name)
        integer(UInt64(clamping: value))
        close(name)
    }

    /// ISO 8601 with milliseconds.
    package mutating func element(_ name: StaticString, _ date: Timestamp) {
        open(name)
        let time = CivilTime(date)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { output in
            Self.digits(time.year, 4, output, 0)
            output[4] = UInt8(ascii: "-")
            Self.digits(time.month, 2, output, 5)
            output[7] = UInt8(ascii: "-")
            Self.digits(time.day, 2, output, 8)
            output[10] = UInt8(ascii: "T")
            Self.digits(time.hour, 2, output, 11)
            output[13] = UInt8(ascii: ":")
            Self.digits(time.minute, 2, output, 14)
            output[16] = UInt8(ascii: ":")
            Self.digits(time.second, 2, output, 17)
            output[19] = UInt8(ascii: ".")
            Self.digits(time.nanosecond / 1_000_000, 3, output, 20)
            output[23] = UInt8(ascii: "Z")
            return 24
        }
        close(name)
    }

    /// The tag in the quotes that S3 keeps in XML as well (as `&quot;`).
    package mutating func element(_ name: StaticString, _ etag: ETag) {
        open(name)
        buffer.writeStaticString("&quot;")
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 32) { output in
            var position = 0
            for byte in etag.bytes {
                output[position] = Hex.digit(byte >> 4)
                output[position + 1] = Hex.digit(byte & 15)
                position += 2
            }
            return position
        }
        if etag.partCount > 0 {
            buffer.writeStaticString("-")
            integer(UInt64(etag.partCount))
        }
        buffer.writeStaticString("&quot;")
        close(name)
    }

    /// A key or a part of one: percent-encoded when the client asked for `encoding-type=url`.
    package mutating func element(_ name: StaticString, _ key: [UInt8], encodesURL: Bool) {
        guard encodesURL else {
            element(name, key)
            return
        }
        open(name)
        key.withUnsafeBytes { bytes in
            var start = 0
            for index in bytes.indices
            where !PercentEncoding.isUnreserved(bytes[index]) && bytes[index] != UInt8(ascii: "/") {
                write(bytes, start..<index)
                buffer.writeInteger(UInt8(ascii: "%"))
                buffer.writeInteger(Hex.upperDigit(bytes[index] >> 4))
                buffer.writeInteger(Hex.upperDigit(bytes[index] & 15))
                start = index + 1
            }
            write(bytes, start..<bytes.count)
        }
        close(name)
    }

    @inline(__always)
    private static func digits(_ value: Int, _ count: Int, _ output: UnsafeMutableRawBufferPointer, _ start: Int) {
        var rest = value
        for position in stride(from: start + count - 1, through: start, by: -1) {
            output[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
    }

    /// For the names that come out of a table at run time: they must be XML names.
    package mutating func element(dynamic name: String, _ text: String) {
        buffer.writeStaticString("<")
        buffer.writeString(name)
        buffer.writeStaticString(">")
        self.text(text)
        buffer.writeStaticString("</")
        buffer.writeString(name)
        buffer.writeStaticString(">")
    }

    package mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { escape(UnsafeRawBufferPointer($0)) }
    }

    package mutating func text(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { escape($0) }
    }

    private mutating func integer(_ value: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var position = 20
            var rest = value
            repeat {
                position -= 1
                digits[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            } while rest > 0
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: digits[position...]))
        }
    }

    /// Copies runs of harmless bytes at once. What XML 1.0 forbids goes out as a numeric reference (which strict
    /// parsers refuse, as on AWS), so that nothing is lost silently.
    private mutating func escape(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        for index in bytes.indices {
            let replacement: StaticString
            switch bytes[index] {
            case UInt8(ascii: "&"): replacement = "&amp;"
            case UInt8(ascii: "<"): replacement = "&lt;"
            case UInt8(ascii: ">"): replacement = "&gt;"
            case UInt8(ascii: "\""): replacement = "&quot;"
            // A parser turns a bare carriage return into a line feed.
            case 0x0D: replacement = "&#xD;"
            case 0x09, 0x0A, 0x20...: continue
            case 0..<0x20:
                write(bytes, start..<index)
                buffer.writeString("&#x" + String(bytes[index], radix: 16) + ";")
                start = index + 1
                continue
            default: continue
            }
            write(bytes, start..<index)
            buffer.writeStaticString(replacement)
            start = index + 1
        }
        write(bytes, start..<bytes.count)
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}
