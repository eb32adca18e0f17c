// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Writes an answer's head as bytes, straight into the buffer that goes to the socket.
enum AnswerEncoder {
    enum ConnectionHeader {
        /// What the version implies.
        case implied
        case close
        case keepAlive
    }

    /// Status line, Server, Date, Content-Length, Connection and the empty line at their longest.
    private static let fixedByteCountMax = 320

    /// `dateLine` is a whole `Date: …` line with its end. Cost: one check for room, then plain copies.
    static func encode(
        _ head: HTTPResponseHead,
        _ length: AnswerFraming.Length,
        _ connection: ConnectionHeader,
        dateLine: [UInt8],
        into output: inout ByteBuffer
    ) {
        var byteCountMax = fixedByteCountMax
        for field in head.fields {
            switch field.name {
            case .fixed(let name): byteCountMax += name.utf8CodeUnitCount
            case .dynamic(let name): byteCountMax += name.utf8.count
            }
            byteCountMax += field.value.utf8.count + 4
        }
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCountMax) { bytes in
            var cursor = ByteCursor(bytes)
            writeStatusLine(head.status, &cursor)
            cursor.write("Server: Drydock\r\n")
            dateLine.withUnsafeBytes { cursor.write($0) }
            for field in head.fields {
                switch field.name {
                case .fixed(let name): cursor.write(name)
                case .dynamic(let name): cursor.writeSafely(name, replacement: 0x2D)
                }
                cursor.write(": ")
                cursor.writeSafely(field.value, replacement: ASCII.space)
                cursor.write("\r\n")
            }
            writeLength(length, &cursor)
            switch connection {
            case .implied: break
            case .close: cursor.write("Connection: close\r\n")
            case .keepAlive: cursor.write("Connection: keep-alive\r\n")
            }
            cursor.write("\r\n")
            return cursor.count
        }
    }

    private static func writeLength(_ length: AnswerFraming.Length, _ cursor: inout ByteCursor) {
        switch length {
        case .none, .untilClose:
            break
        case .chunked:
            cursor.write("Transfer-Encoding: chunked\r\n")
        case .fixed(let count):
            cursor.write("Content-Length: ")
            cursor.write(decimal: count)
            cursor.write("\r\n")
        }
    }

    private static func writeStatusLine(_ status: Int, _ cursor: inout ByteCursor) {
        if let line = StatusLine.line(status) {
            cursor.write(line)
        } else {
            cursor.write("HTTP/1.1 ")
            cursor.write(decimal: UInt64(min(max(status, 100), 999)))
            cursor.write(" \r\n")
        }
    }
}

/// A place in a buffer whose room was checked beforehand.
struct ByteCursor {
    private let start: UnsafeMutableRawPointer
    private var next: UnsafeMutableRawPointer

    init(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress else { preconditionFailure("a cursor needs room") }
        self.start = start
        self.next = start
    }

    var count: Int { next - start }

    @inline(__always) mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { write(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always) mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        next.copyMemory(from: source, byteCount: bytes.count)
        next += bytes.count
    }

    mutating func write(decimal value: UInt64) {
        var rest = value
        var digitCount = 1
        while rest >= 10 {
            rest /= 10
            digitCount += 1
        }
        rest = value
        for offset in stride(from: digitCount - 1, through: 0, by: -1) {
            next.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 + rest % 10), toByteOffset: offset, as: UInt8.self)
            rest /= 10
        }
        next += digitCount
    }

    /// Copies `text`, control bytes replaced: a value that came from a client can't begin a header of its own.
    mutating func writeSafely(_ text: String, replacement: UInt8) {
        var text = text
        text.withUTF8 { source in
            for offset in source.indices {
                let byte = source[offset]
                let isControl = (byte < ASCII.space && byte != ASCII.tab) || byte == 0x7F
                next.storeBytes(of: isControl ? replacement : byte, toByteOffset: offset, as: UInt8.self)
            }
            next += source.count
        }
    }
}
