// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension RequestHead {
    /// Reads the lines from `start` up to the empty one.
    mutating func readHeaders(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        countMax: Int
    ) throws(HTTPProtocolError) {
        guard let base = bytes.baseAddress else { throw .badHeader }
        lines.reserveCapacity(16)
        var position = start
        while bytes[position] != ASCII.carriageReturn {
            guard lines.count < countMax else { throw .headTooLarge }
            let nameStart = position
            while Token.contains(bytes[position]) { position += 1 }
            let nameCount = position - nameStart
            // Also what a folded line or a space before the colon comes to.
            guard nameCount > 0, nameCount <= UInt16.max, bytes[position] == 0x3A else { throw .badHeader }
            position += 1
            guard let found = memchr(base + position, Int32(ASCII.lineFeed), bytes.count - position) else {
                throw .badHeader
            }
            let lineEnd = UnsafeRawPointer(found) - base
            let value = try Self.trimmedValue(bytes, position..<lineEnd - 1)
            lines.append(
                HTTPHeaderBlock.Line(
                    nameStart: UInt32(truncatingIfNeeded: nameStart),
                    nameCount: UInt16(truncatingIfNeeded: nameCount),
                    valueStart: UInt32(truncatingIfNeeded: value.lowerBound),
                    valueCount: UInt32(truncatingIfNeeded: value.count),
                )
            )
            try note(bytes, nameStart, nameCount, UnsafeRawBufferPointer(rebasing: bytes[value]))
            position = lineEnd + 1
        }
        // The scanner ended at the first empty line, so a CR before that is one inside a line.
        guard position + 2 == bytes.count else { throw .badHeader }
    }

    private static func trimmedValue(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(HTTPProtocolError) -> Range<Int> {
        // No branches, so that the compiler takes many bytes at once.
        var bad: UInt8 = 0
        for byte in UnsafeRawBufferPointer(rebasing: bytes[range]) {
            let isControl: UInt8 = byte < ASCII.space ? 1 : 0
            let isTab: UInt8 = byte == ASCII.tab ? 1 : 0
            let isDelete: UInt8 = byte == 0x7F ? 1 : 0
            bad |= (isControl ^ isTab) | isDelete
        }
        guard bad == 0 else { throw .badHeader }
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        return start..<end
    }

    /// Takes in the headers that decide about framing and the connection's life.
    private mutating func note(
        _ bytes: UnsafeRawBufferPointer,
        _ nameStart: Int,
        _ nameCount: Int,
        _ value: UnsafeRawBufferPointer
    ) throws(HTTPProtocolError) {
        let name = UnsafeRawBufferPointer(rebasing: bytes[nameStart..<nameStart + nameCount])
        switch nameCount {
        case 4 where Self.equals(name, "host"):
            hostCount += 1
            guard hostCount == 1, HostValue.isValid(value) else { throw .badHost }
        case 6 where Self.equals(name, "expect"):
            guard Self.equals(value, "100-continue") else { throw .unsupportedExpectation }
            expectsContinue = true
        case 10 where Self.equals(name, "connection"):
            noteConnection(value)
        case 14 where Self.equals(name, "content-length"):
            guard contentLength == nil, let length = Self.length(value) else { throw .badContentLength }
            contentLength = length
        case 17 where Self.equals(name, "transfer-encoding"):
            guard !hasTransferEncoding else { throw .ambiguousLength }
            guard Self.equals(value, "chunked") else { throw .unsupportedTransferCoding }
            hasTransferEncoding = true
            isChunked = true
        default:
            break
        }
    }

    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) {
        var start = 0
        while start < value.count {
            var end = start
            while end < value.count, value[end] != 0x2C { end += 1 }
            var first = start
            var last = end
            while first < last, value[first] == ASCII.space || value[first] == ASCII.tab { first += 1 }
            while last > first, value[last - 1] == ASCII.space || value[last - 1] == ASCII.tab { last -= 1 }
            let option = UnsafeRawBufferPointer(rebasing: value[first..<last])
            if Self.equals(option, "close") { saysClose = true }
            if Self.equals(option, "keep-alive") { saysKeepAlive = true }
            start = end + 1
        }
    }

    /// Digits only, below 2^63.
    private static func length(_ value: UnsafeRawBufferPointer) -> UInt64? {
        guard (1...19).contains(value.count) else { return nil }
        var length: UInt64 = 0
        for byte in value {
            guard byte &- 0x30 < 10 else { return nil }
            length = length &* 10 &+ UInt64(byte &- 0x30)
        }
        return length <= UInt64(Int64.max) ? length : nil
    }

    /// `expected` is in lower case.
    private static func equals(_ bytes: UnsafeRawBufferPointer, _ expected: StaticString) -> Bool {
        guard bytes.count == expected.utf8CodeUnitCount else { return false }
        let pointer = expected.utf8Start
        for offset in 0..<bytes.count where ASCII.lowercased(bytes[offset]) != pointer[offset] { return false }
        return true
    }
}
