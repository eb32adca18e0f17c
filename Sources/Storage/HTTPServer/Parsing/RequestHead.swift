// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads a whole request head (RFC 9112 §2 to §6), strictly: what two parsers might read differently is refused.
///
/// Shape: the bytes up to and with the empty line. Cost: one pass; allocates the array of lines and the path's string.
struct RequestHead {
    /// Where the parts of the request line lie, and what the headers say about framing.
    var methodEnd = 0
    var targetEnd = 0
    var minorVersion = 1
    var lines: [HTTPHeaderBlock.Line] = []
    var contentLength: UInt64?
    var isChunked = false
    var hasTransferEncoding = false
    var hostCount = 0
    var expectsContinue = false
    var saysClose = false
    var saysKeepAlive = false

    /// `head` holds exactly one head, as `HeadScanner` found it; the answer's header block keeps it.
    static func parse(
        _ head: ByteBuffer,
        headerCountMax: Int,
        remoteAddress: String,
        isSecure: Bool
    ) throws(HTTPProtocolError) -> HTTPRequest {
        let outcome = head.withUnsafeReadableBytes { bytes in
            // Rethrowing closures would lose the error's type.
            Result { () throws(HTTPProtocolError) in
                var parsed = RequestHead()
                let headerStart = try parsed.readRequestLine(bytes)
                try parsed.readHeaders(bytes, from: headerStart, countMax: headerCountMax)
                try parsed.checkFraming()
                let target = try RequestTarget(bytes, parsed.methodEnd + 1..<parsed.targetEnd)
                let (method, methodName) = Self.method(bytes, count: parsed.methodEnd)
                if target.rawPath == "*", method != .options { throw .badTarget }
                let block = HTTPHeaderBlock(
                    buffer: head,
                    lines: parsed.lines,
                    byteCount: bytes.count - 2 - headerStart,
                )
                return HTTPRequest(parsed, method, methodName, target, block, remoteAddress, isSecure)
            }
        }
        return try outcome.get()
    }

    /// Answers where the header lines begin.
    private mutating func readRequestLine(_ bytes: UnsafeRawBufferPointer) throws(HTTPProtocolError) -> Int {
        var position = 0
        while position < bytes.count, Token.contains(bytes[position]) { position += 1 }
        guard position > 0, position <= 32, position < bytes.count, bytes[position] == ASCII.space else {
            throw .badRequestLine
        }
        methodEnd = position
        position += 1
        while position < bytes.count, bytes[position] > ASCII.space { position += 1 }
        targetEnd = position
        guard targetEnd > methodEnd + 1 else { throw .badRequestLine }
        guard position + 11 <= bytes.count, bytes[position] == ASCII.space else {
            // White space other than the one allowed ends the line's form, a control byte ends the target's.
            throw position < bytes.count && bytes[position] < ASCII.space && bytes[position] != ASCII.carriageReturn
                ? .badTarget : .badRequestLine
        }
        position += 1
        let version: StaticString = "HTTP/"
        let isVersion = version.withUTF8Buffer { expected in
            bytes[position..<position + 5].elementsEqual(expected)
        }
        let major = bytes[position + 5]
        let minor = bytes[position + 7]
        guard isVersion, major &- 0x30 < 10, bytes[position + 6] == 0x2E, minor &- 0x30 < 10,
            bytes[position + 8] == ASCII.carriageReturn, bytes[position + 9] == ASCII.lineFeed
        else { throw .badRequestLine }
        guard major == 0x31, minor <= 0x31 else { throw .unsupportedVersion }
        minorVersion = Int(minor - 0x30)
        return position + 10
    }

    private func checkFraming() throws(HTTPProtocolError) {
        if hasTransferEncoding {
            guard minorVersion == 1, contentLength == nil else { throw .ambiguousLength }
        }
        guard hostCount > 0 || minorVersion == 0 else { throw .missingHost }
        guard hostCount <= 1 else { throw .badHost }
    }

    private static func method(_ bytes: UnsafeRawBufferPointer, count: Int) -> (HTTPMethod, String) {
        let name = String(decoding: bytes[0..<count], as: UTF8.self)
        return (HTTPMethod(name: name), name)
    }
}

extension HTTPRequest {
    fileprivate init(
        _ parsed: RequestHead,
        _ method: HTTPMethod,
        _ methodName: String,
        _ target: RequestTarget,
        _ headers: HTTPHeaderBlock,
        _ remoteAddress: String,
        _ isSecure: Bool
    ) {
        self.method = method
        self.methodName = methodName
        self.rawPath = target.rawPath
        self.rawQuery = target.rawQuery
        self.authority = target.authority
        self.headers = headers
        self.contentLength = parsed.contentLength
        self.isChunked = parsed.isChunked
        let announcesBody = parsed.isChunked || parsed.contentLength != nil
        self.expectsContinue = parsed.expectsContinue && parsed.minorVersion == 1 && announcesBody
        self.wantsKeepAlive = !parsed.saysClose && (parsed.minorVersion == 1 || parsed.saysKeepAlive)
        self.minorVersion = parsed.minorVersion
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}
