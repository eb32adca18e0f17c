// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A request method; those the servers route on have a case of their own.
package enum HTTPMethod: Sendable, Hashable {
    case get, head, put, post, delete, options, patch
    case other(String)

    /// By the exact name: methods are case-sensitive (RFC 9110 §9.1).
    package init(name: String) {
        self =
            switch name {
            case "GET": .get
            case "HEAD": .head
            case "PUT": .put
            case "POST": .post
            case "DELETE": .delete
            case "OPTIONS": .options
            case "PATCH": .patch
            default: .other(name)
            }
    }
}

/// The head of a request. The header block stays in the buffer it arrived in; values become strings when asked for.
package struct HTTPRequest: Sendable {
    package let method: HTTPMethod
    /// The method as sent.
    package let methodName: String
    /// The request target's path as sent, still percent-encoded; begins with "/" (or is "*").
    package let rawPath: String
    /// Behind the first "?" as sent, without it; nil when there was none.
    package let rawQuery: String?
    /// The authority of an absolute-form target, which then replaces the Host header (RFC 9112 §3.2.2); nil otherwise.
    package let authority: String?
    package internal(set) var headers: HTTPHeaderBlock
    /// Nil without a Content-Length.
    package let contentLength: UInt64?
    /// Transfer-Encoding is chunked.
    package let isChunked: Bool
    /// The client waits for 100 before it sends the body it announced, which may be empty.
    package let expectsContinue: Bool
    /// The client lets the connection be used again.
    package let wantsKeepAlive: Bool
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    package let minorVersion: Int
    /// The peer's address without port, for logs and conditions.
    package let remoteAddress: String
    package let isSecure: Bool

    /// Whether a body was announced; one that is chunked may still turn out to be empty.
    package var hasBody: Bool { isChunked || contentLength.map { $0 > 0 } ?? false }

    /// The host the client meant, with port if it gave one.
    package var host: String? { authority ?? headers.first("host") }

    package init(
        methodName: String,
        rawPath: String,
        rawQuery: String? = nil,
        authority: String? = nil,
        headers: HTTPHeaderBlock = HTTPHeaderBlock([]),
        contentLength: UInt64? = nil,
        isChunked: Bool = false,
        expectsContinue: Bool = false,
        wantsKeepAlive: Bool = true,
        minorVersion: Int = 1,
        remoteAddress: String = "127.0.0.1",
        isSecure: Bool = false
    ) {
        self.method = HTTPMethod(name: methodName)
        self.methodName = methodName
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.authority = authority
        self.headers = headers
        self.contentLength = contentLength
        self.isChunked = isChunked
        self.expectsContinue = expectsContinue
        self.wantsKeepAlive = wantsKeepAlive
        self.minorVersion = minorVersion
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}
