// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

@Suite struct BodyDecoderTests {
    enum End: Equatable { case end, needsMore, malformed }

    /// Feeds `text` in pieces of `step` bytes; answers the decoded bytes, how it ended, and what was left over.
    static func decode(_ text: String, step: Int, length: UInt64? = nil) -> (String, End, String) {
        var decoder = BodyDecoder(contentLength: length, isChunked: length == nil)
        var inbound = InboundQueue()
        var decoded = ""
        var end = End.needsMore
        var rest = Array(text.utf8)[...]
        feeding: while !rest.isEmpty || end == .needsMore {
            inbound.append(ByteBuffer(bytes: rest.prefix(step)))
            let isLast = rest.isEmpty
            rest = rest.dropFirst(step)
            while true {
                switch decoder.next(&inbound) {
                case .piece(let piece):
                    #expect(piece.readableBytes > 0)
                    decoded += String(buffer: piece)
                    continue
                case .needsMore: end = .needsMore
                case .end: end = .end
                case .malformed: end = .malformed
                }
                break
            }
            if end == .malformed || isLast { break feeding }
        }
        inbound.makeContiguous()
        return (decoded, end, String(buffer: inbound.first))
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("0\r\n\r\n", ""), ("000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A;x=y\r\n0123456789\r\n1;a;b=\"c\"\r\nz\r\n0;last\r\n\r\n", "0123456789z"),
        ("3\r\nab\n\r\n0\r\nX-T: v\r\nY: w\r\n\r\n", "ab\n"),
    ])
    func `chunks are taken apart in any pieces`(text: String, expected: String) {
        for step in 1...text.utf8.count {
            let (decoded, end, rest) = Self.decode(text + "NEXT", step: step)
            #expect(decoded == expected, "in pieces of \(step)")
            #expect(end == .end)
            #expect(rest == "NEXT")
        }
    }

    @Test(arguments: [
        "\r\n", "x\r\n", "-1\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n",
        "5\nhello\r\n",
        "5\rhello\r\n", "5\r\nhelloX\r\n", "5\r\nhello\rX", "5\r\nhello\n", "1000000000000000\r\n",
        "FFFFFFFFFFFFFFFFF\r\n",
        "5;a\u{0}\r\nhello\r\n", "5;a\nb\r\nhello\r\n", "0\r\nX: \u{1}\r\n\r\n", "0\r\nX: y\n\r\n", "0\r\n\rX",
    ])
    func `bad chunk framing is refused`(text: String) {
        for step in [1, 3, text.utf8.count] {
            #expect(Self.decode(text, step: step).1 == .malformed, "in pieces of \(step)")
        }
    }

    @Test func `extensions and trailers have a limit together`() {
        let line = "1;" + String(repeating: "x", count: 1_000) + "\r\na\r\n"
        #expect(Self.decode(String(repeating: line, count: 60) + "0\r\n\r\n", step: 4_096).1 == .end)
        #expect(Self.decode(String(repeating: line, count: 70) + "0\r\n\r\n", step: 4_096).1 == .malformed)
        let trailer = "0\r\nX: " + String(repeating: "x", count: 70_000) + "\r\n\r\n"
        #expect(Self.decode(trailer, step: 4_096).1 == .malformed)
    }

    @Test func `a known length leaves the next request alone`() {
        for step in 1...9 {
            let (decoded, end, rest) = Self.decode("helloNEXT", step: step, length: 5)
            #expect(decoded == "hello")
            #expect(end == .end)
            #expect(rest == "NEXT")
        }
        #expect(Self.decode("hell", step: 2, length: 5).1 == .needsMore)
        #expect(BodyDecoder(contentLength: 0, isChunked: false).isAtEnd)
        #expect(BodyDecoder(contentLength: nil, isChunked: false).isAtEnd)
    }

    @Test func `a piece is no copy of its buffer`() {
        var inbound = InboundQueue()
        let buffer = ByteBuffer(repeating: 7, count: 1 << 16)
        inbound.append(buffer)
        var decoder = BodyDecoder(contentLength: 1 << 16, isChunked: false)
        guard case .piece(let piece) = decoder.next(&inbound) else {
            Issue.record("no piece")
            return
        }
        let same = buffer.withUnsafeReadableBytes { left in
            piece.withUnsafeReadableBytes { $0.baseAddress == left.baseAddress }
        }
        #expect(same)
    }

    @Test func `a small rest moves out of a large buffer`() {
        var inbound = InboundQueue()
        inbound.append(ByteBuffer(repeating: 1, count: 1 << 16))
        inbound.skip((1 << 16) - 10)
        inbound.compact()
        #expect(inbound.first.capacity < 1_024)
        #expect(inbound.byteCount == 10)
        #expect(inbound.first.readableBytes == 10)
    }
}
