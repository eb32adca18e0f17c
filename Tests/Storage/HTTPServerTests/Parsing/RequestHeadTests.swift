// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

/// Requests that must be refused, and why; the same table is sent over a socket elsewhere.
struct MalformedRequest: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let error: HTTPProtocolError
    var testDescription: String { "\(error): \(String(decoding: bytes.prefix(60), as: UTF8.self).debugDescription)" }

    init(_ text: String, _ error: HTTPProtocolError) {
        self.bytes = Array(text.utf8)
        self.error = error
    }

    init(line: String, _ error: HTTPProtocolError) {
        self.init("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", error)
    }

    init(target: String, _ error: HTTPProtocolError) {
        self.init("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", error)
    }

    static let all: [MalformedRequest] =
        requestLines + targets + headerLines + framing + [
            MalformedRequest(
                "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n",
                .headTooLarge
            ),
            MalformedRequest(
                "GET /\(String(repeating: "x", count: 70_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
                .headTooLarge
            ),
            MalformedRequest(
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "a: b\r\n", count: 256) + "\r\n",
                .headTooLarge
            ),
        ]

    static let requestLines = [
        MalformedRequest("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET /\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / http/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / HTTP/1.\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / HTTP/1.1\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / HTTP/11\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / FTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("\u{16}\u{3}\u{1}\u{2}", .badRequestLine),
        MalformedRequest("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest(String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        MalformedRequest("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
        MalformedRequest("PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
        MalformedRequest("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion),
        MalformedRequest("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
    ]

    static let targets = [
        MalformedRequest(target: "/a\u{0}b", .badTarget),
        MalformedRequest(target: "/a\u{1}b", .badTarget),
        MalformedRequest(target: "/a\tb", .badTarget),
        MalformedRequest(target: "/a\u{7F}b", .badTarget),
        MalformedRequest(target: "/a#b", .badTarget),
        MalformedRequest(target: "a", .badTarget),
        MalformedRequest(target: "*", .badTarget),
        MalformedRequest(target: "?a", .badTarget),
        MalformedRequest(target: "http://", .badTarget),
        MalformedRequest(target: "http:///a", .badTarget),
        MalformedRequest(target: "http://user@a/", .badTarget),
        MalformedRequest(target: "ftp://a/", .badTarget),
        MalformedRequest("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
    ]

    static let headerLines = [
        MalformedRequest(line: "X-A : b", .badHeader),
        MalformedRequest(line: "X-A\t: b", .badHeader),
        MalformedRequest(line: ": b", .badHeader),
        MalformedRequest(line: "X-A", .badHeader),
        MalformedRequest(line: "X A: b", .badHeader),
        MalformedRequest(line: "X(A): b", .badHeader),
        MalformedRequest(line: "X-Ä: b", .badHeader),
        MalformedRequest(line: "X-A: b\r\n c", .badHeader),
        MalformedRequest(line: "X-A: b\r\n\tc", .badHeader),
        MalformedRequest(line: "X-A: b\rc", .badHeader),
        MalformedRequest(line: "X-A: b\nX-B: c", .badHeader),
        MalformedRequest(line: "X-A: b\r\r\n", .badHeader),
        MalformedRequest(line: "X-A: b\u{0}c", .badHeader),
        MalformedRequest(line: "X-A: b\u{7}c", .badHeader),
        MalformedRequest(line: "X-A: b\u{7F}c", .badHeader),
        MalformedRequest("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .badHeader),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a\n\n", .badHeader),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a\r\n\n", .badHeader),
        MalformedRequest("GET / HTTP/1.1\r\n\r\n", .missingHost),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .badHost),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
        MalformedRequest("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .badHost),
        MalformedRequest(line: "Expect: 200-ok", .unsupportedExpectation),
    ]

    static let framing = [
        MalformedRequest(line: "Content-Length: -1", .badContentLength),
        MalformedRequest(line: "Content-Length: +1", .badContentLength),
        MalformedRequest(line: "Content-Length: 0x10", .badContentLength),
        MalformedRequest(line: "Content-Length: 1 2", .badContentLength),
        MalformedRequest(line: "Content-Length: 1,1", .badContentLength),
        MalformedRequest(line: "Content-Length: ", .badContentLength),
        MalformedRequest(line: "Content-Length: 1.5", .badContentLength),
        MalformedRequest(line: "Content-Length: ١", .badContentLength),
        MalformedRequest(line: "Content-Length: 9223372036854775808", .badContentLength),
        MalformedRequest(line: "Content-Length: 18446744073709551617", .badContentLength),
        MalformedRequest(line: "Content-Length: 99999999999999999999999999", .badContentLength),
        MalformedRequest(line: "Content-Length: 5\r\nContent-Length: 5", .badContentLength),
        MalformedRequest(line: "Content-Length: 5\r\nContent-Length: 6", .badContentLength),
        MalformedRequest(line: "Content-Length: 5\r\nTransfer-Encoding: chunked", .ambiguousLength),
        MalformedRequest(line: "Transfer-Encoding: chunked\r\nContent-Length: 0", .ambiguousLength),
        MalformedRequest(line: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .ambiguousLength),
        MalformedRequest("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
        MalformedRequest(line: "Transfer-Encoding: gzip", .unsupportedTransferCoding),
        MalformedRequest(line: "Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding),
        MalformedRequest(line: "Transfer-Encoding: chunked, identity", .unsupportedTransferCoding),
        MalformedRequest(line: "Transfer-Encoding: xchunked", .unsupportedTransferCoding),
        MalformedRequest(line: "Transfer-Encoding: ", .unsupportedTransferCoding),
    ]
}

@Suite struct RequestHeadTests {
    /// Scans and parses as a connection does, without one.
    static func parse(_ text: String) throws -> HTTPRequest {
        let buffer = ByteBuffer(string: text)
        var scanner = HeadScanner()
        let outcome = buffer.withUnsafeReadableBytes { scanner.scan($0, byteCountMax: 64 << 10) }
        switch outcome {
        case .complete(let count):
            let head = try #require(buffer.getSlice(at: 0, length: count))
            return try RequestHead.parse(head, headerCountMax: 256, remoteAddress: "::1", isSecure: false)
        case .refused(let error): throw error
        case .incomplete: throw HTTPProtocolError.headTimeout
        }
    }

    @Test func `a request line and headers are read`() throws {
        let request = try Self.parse(
            "PUT /bucket/a%20b?partNumber=1&x=?y HTTP/1.1\r\nHost: h:9000\r\nContent-LENGTH: 12\r\n"
                + "X-A: \t v w\t \r\n\r\nbody"
        )
        #expect(request.method == .put)
        #expect(request.methodName == "PUT")
        #expect(request.rawPath == "/bucket/a%20b")
        #expect(request.rawQuery == "partNumber=1&x=?y")
        #expect(request.authority == nil)
        #expect(request.host == "h:9000")
        #expect(request.contentLength == 12)
        #expect(request.hasBody)
        #expect(!request.isChunked)
        #expect(request.wantsKeepAlive)
        #expect(request.headers.first("x-a") == "v w")
        #expect(request.headers.count == 3)
        #expect(request.headers.byteCount == "Host: h:9000\r\nContent-LENGTH: 12\r\nX-A: \t v w\t \r\n".utf8.count)
        #expect(request.remoteAddress == "::1")
    }

    @Test func `a header block of its own says the same`() throws {
        let request = try Self.parse("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nrest of the buffer").keepingHead()
        #expect(request.headers.first("x") == "y")
        #expect(request.host == "a")
    }

    @Test(
        arguments: [
            ("http://h/p?q", "h", "/p", "q"), ("HTTP://h:1", "h:1", "/", nil), ("https://h?q", "h", "/", "q"),
            ("http://h/p/http://x", "h", "/p/http://x", nil), ("http://[::1]:9/", "[::1]:9", "/", nil),
        ] as [(String, String, String, String?)]
    )
    func `an absolute target is taken apart`(target: String, host: String, path: String, query: String?) throws {
        let request = try Self.parse("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n")
        #expect(request.authority == host)
        #expect(request.host == host)
        #expect(request.rawPath == path)
        #expect(request.rawQuery == query)
    }

    @Test(
        arguments: [
            ("/", "/", nil), ("/?", "/", ""), ("//a//b", "//a//b", nil), ("/ä", "/ä", nil), ("/a?b?c", "/a", "b?c"),
            ("/%00", "/%00", nil), ("/a{}|^`\"<>\\", "/a{}|^`\"<>\\", nil),
        ] as [(String, String, String?)]
    )
    func `an origin target stays as sent`(target: String, path: String, query: String?) throws {
        let request = try Self.parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.rawPath == path)
        #expect(request.rawQuery == query)
    }

    @Test func `invalid UTF-8 in a target is refused`() {
        var buffer = ByteBuffer(string: "GET /")
        buffer.writeBytes([0xC3, 0x28])
        buffer.writeString(" HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: HTTPProtocolError.badTarget) {
            try RequestHead.parse(buffer, headerCountMax: 9, remoteAddress: "", isSecure: false)
        }
    }

    @Test func `an asterisk is for OPTIONS`() throws {
        #expect(try Self.parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").rawPath == "*")
    }

    @Test(arguments: [
        ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: x , CLOSE\r\n", false),
        ("1.1", "Connection: closer\r\n", true), ("1.1", "Connection: x\r\nConnection: close\r\n", false),
        ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ])
    func `keep-alive follows version and header`(version: String, line: String, expected: Bool) throws {
        #expect(try Self.parse("GET / HTTP/\(version)\r\nHost: a\r\n\(line)\r\n").wantsKeepAlive == expected)
    }

    @Test func `an expectation needs a body and HTTP 1-1`() throws {
        let line = "Expect: 100-Continue\r\n"
        #expect(try Self.parse("PUT / HTTP/1.1\r\nHost: a\r\n\(line)Content-Length: 1\r\n\r\n").expectsContinue)
        #expect(
            try Self.parse("PUT / HTTP/1.1\r\nHost: a\r\n\(line)Transfer-Encoding: Chunked\r\n\r\n").expectsContinue
        )
        // Also an empty one: botocore sends that, and waits.
        #expect(try Self.parse("PUT / HTTP/1.1\r\nHost: a\r\n\(line)Content-Length: 0\r\n\r\n").expectsContinue)
        #expect(try !Self.parse("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n").expectsContinue)
        #expect(try !Self.parse("PUT / HTTP/1.0\r\n\(line)Content-Length: 1\r\n\r\n").expectsContinue)
    }

    @Test(arguments: MalformedRequest.all)
    func `a malformed head is refused`(request: MalformedRequest) {
        // The two with a leading empty line go through the connection only.
        guard request.bytes.first != 0x0D else { return }
        #expect(throws: request.error) { try Self.parse(String(decoding: request.bytes, as: UTF8.self)) }
    }

    @Test func `tokens are those of RFC 9110`() {
        let expected = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max { #expect(Token.contains(byte) == expected.contains(byte), "\(byte)") }
    }

    @Test func `a head is found however it arrives`() {
        let text = "GET /path HTTP/1.1\r\nHost: a\r\nX-Long: \(String(repeating: "v", count: 300))\r\n\r\ntrailing"
        let bytes = Array(text.utf8)
        var scanner = HeadScanner()
        var found: Int?
        for count in 1...bytes.count where found == nil {
            let outcome = bytes[..<count].withUnsafeBytes { scanner.scan($0, byteCountMax: 64 << 10) }
            if case .complete(let length) = outcome { found = length }
            if case .refused(let error) = outcome { Issue.record("\(error)") }
        }
        #expect(found == bytes.count - "trailing".utf8.count)
    }
}
