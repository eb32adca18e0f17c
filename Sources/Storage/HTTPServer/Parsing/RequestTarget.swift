// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A request target in origin, absolute or asterisk form (RFC 9112 §3.2), its parts as sent.
struct RequestTarget {
    let rawPath: String
    let rawQuery: String?
    let authority: String?

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(HTTPProtocolError) {
        var question: Int?
        for position in range {
            let byte = bytes[position]
            // Spaces and control bytes have ended the target already; DEL and fragments are left.
            if byte == 0x7F || byte == 0x23 { throw .badTarget }
            if byte == 0x3F, question == nil { question = position }
        }
        var start = range.lowerBound
        var authority: String?
        if bytes[start] != 0x2F {
            if range.count == 1, bytes[start] == 0x2A {
                self.rawPath = "*"
                self.rawQuery = nil
                self.authority = nil
                return
            }
            let host = try Self.authorityRange(bytes, range)
            authority = try Self.text(bytes, host)
            start = host.upperBound
        }
        let pathEnd = question ?? range.upperBound
        guard start <= pathEnd else { throw .badTarget }
        self.rawPath = start == pathEnd ? "/" : try Self.text(bytes, start..<pathEnd)
        self.rawQuery = if let question { try Self.text(bytes, question + 1..<range.upperBound) } else { nil }
        self.authority = authority
    }

    private static func authorityRange(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(HTTPProtocolError) -> Range<Int> {
        var start = range.lowerBound
        if matches(bytes, range, "http://") {
            start += 7
        } else if matches(bytes, range, "https://") {
            start += 8
        } else {
            throw .badTarget
        }
        var end = start
        while end < range.upperBound, bytes[end] != 0x2F, bytes[end] != 0x3F { end += 1 }
        guard end > start, HostValue.isValid(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else {
            throw .badTarget
        }
        return start..<end
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ prefix: StaticString) -> Bool {
        guard range.count >= prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { expected in
            expected.indices.allSatisfy { ASCII.lowercased(bytes[range.lowerBound + $0]) == expected[$0] }
        }
    }

    private static func text(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(HTTPProtocolError) -> String {
        let slice = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let text = String(validating: slice, as: UTF8.self) else { throw .badTarget }
        return text
    }
}

/// What a Host header or an authority may consist of; names are not looked up, so this only keeps out what would be
/// read as something else further on.
enum HostValue {
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.allSatisfy { byte in
            switch byte {
            case 0...0x20, 0x7F, 0x22, 0x23, 0x2C, 0x2F, 0x3C, 0x3E, 0x3F, 0x40, 0x5C, 0x5E, 0x60, 0x7B...0x7D: false
            default: true
            }
        }
    }
}
