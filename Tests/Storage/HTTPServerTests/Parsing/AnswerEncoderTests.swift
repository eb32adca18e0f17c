// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

@Suite struct AnswerEncoderTests {
    static func encode(
        _ head: HTTPResponseHead,
        _ length: AnswerFraming.Length = .fixed(0),
        _ connection: AnswerEncoder.ConnectionHeader = .implied
    ) -> String {
        var output = ByteBuffer()
        var date = DateLine()
        AnswerEncoder.encode(head, length, connection, dateLine: date.current(FixedClock()), into: &output)
        return String(buffer: output)
    }

    @Test func `a head is written whole`() {
        var head = HTTPResponseHead(status: 206)
        head.add("ETag", "\"abc\"")
        head.add(dynamic: "x-amz-meta-ü", "wert ü")
        #expect(
            Self.encode(head, .fixed(18_446_744_073_709_551_615), .close)
                == "HTTP/1.1 206 Partial Content\r\nServer: Drydock\r\nDate: Sun, 09 Sep 2001 01:46:40 GMT\r\n"
                + "ETag: \"abc\"\r\nx-amz-meta-ü: wert ü\r\nContent-Length: 18446744073709551615\r\n"
                + "Connection: close\r\n\r\n"
        )
    }

    @Test func `a value can not begin a header of its own`() {
        var head = HTTPResponseHead(status: 200)
        head.add("X-A", "a\r\nSet-Cookie: b\u{0}\tc")
        head.add(dynamic: "X-B\r\nX-C", "d")
        let text = Self.encode(head)
        #expect(text.contains("X-A: a  Set-Cookie: b \tc\r\nX-B--X-C: d\r\n"))
    }

    @Test func `each length has its header`() {
        let head = HTTPResponseHead(status: 200)
        #expect(Self.encode(head, .fixed(0)).contains("\r\nContent-Length: 0\r\n"))
        #expect(Self.encode(head, .fixed(1_234_567_890)).contains("\r\nContent-Length: 1234567890\r\n"))
        #expect(Self.encode(head, .chunked).contains("\r\nTransfer-Encoding: chunked\r\n"))
        for length in [AnswerFraming.Length.none, .untilClose] {
            #expect(!Self.encode(head, length).contains("Content-Length"))
            #expect(!Self.encode(head, length).contains("Transfer-Encoding"))
        }
        #expect(Self.encode(head, .none, .keepAlive).contains("\r\nConnection: keep-alive\r\n"))
        #expect(!Self.encode(head, .none).contains("Connection"))
    }

    @Test func `a status without a phrase is still a status line`() {
        #expect(Self.encode(HTTPResponseHead(status: 299)).hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test func `each refusal has a status line and a sentence`() {
        for error in HTTPProtocolError.allCases {
            #expect(StatusLine.line(error.status) != nil, "\(error)")
            #expect(error.reason.hasSuffix("."))
        }
    }

    @Test func `framing follows method, status and version`() {
        typealias Framing = AnswerFraming
        #expect(Framing.whole(byteCount: 5, isHead: false, status: 200) == .init(length: .fixed(5), sendsBody: true))
        #expect(Framing.whole(byteCount: 5, isHead: true, status: 200) == .init(length: .fixed(5), sendsBody: false))
        #expect(Framing.whole(byteCount: 5, isHead: false, status: 204) == .init(length: .none, sendsBody: false))
        #expect(Framing.whole(byteCount: 0, isHead: false, status: 304) == .init(length: .none, sendsBody: false))
        #expect(Framing.announced(9, isHead: true, status: 200) == .init(length: .fixed(9), sendsBody: false))
        #expect(Framing.announced(nil, isHead: true, status: 404) == .init(length: .none, sendsBody: false))
        #expect(Framing.announced(9, isHead: false, status: 304) == .init(length: .fixed(9), sendsBody: false))
        #expect(Framing.announced(9, isHead: false, status: 200) == .init(length: .fixed(0), sendsBody: false))
        #expect(Framing.announced(9, isHead: true, status: 204) == .init(length: .none, sendsBody: false))
        let streamed = Framing.streamed(nil, isHead: false, status: 200, minorVersion: 1)
        #expect(streamed == .init(length: .chunked, sendsBody: true))
        let old = Framing.streamed(nil, isHead: false, status: 200, minorVersion: 0)
        #expect(old == .init(length: .untilClose, sendsBody: true))
        let head = Framing.streamed(7, isHead: true, status: 200, minorVersion: 1)
        #expect(head == .init(length: .fixed(7), sendsBody: false))
    }
}
