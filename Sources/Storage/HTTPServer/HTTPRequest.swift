// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

package enum HTTPMethod: Sendable, Hashable {
    case get, head, put, post, delete, options, patch
    case other(String)
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
    package let headers: HTTPHeaderBlock
    /// Nil without a Content-Length.
    package let contentLength: UInt64?
    /// Transfer-Encoding is chunked.
    package let isChunked: Bool
    package let expectsContinue: Bool
    /// The peer's address without port, for logs and conditions.
    package let remoteAddress: String
    package let isSecure: Bool

    /// Whether a body (possibly empty) was announced.
    package var hasBody: Bool { isChunked || contentLength.map { $0 > 0 } ?? false }
}

/// Header lines in the order they came.
package struct HTTPHeaderBlock: Sendable {
    struct Line: Sendable {
        var nameStart: UInt32
        var nameCount: UInt16
        var valueStart: UInt32
        var valueCount: UInt32
    }

    let buffer: ByteBuffer
    let lines: [Line]

    package var count: Int { lines.count }
}

/// An answer's status and headers; `Content-Length`, `Date`, `Connection` and `Server` are the server's business.
package struct HTTPResponseHead: Sendable {
    package var status: Int
    /// Names as they go on the wire.
    package private(set) var fields: [(name: StaticName, value: String)] = []

    /// A header name known when the program was written, or one made at run time (user metadata).
    package enum StaticName: Sendable {
        case fixed(StaticString)
        case dynamic(String)
    }

    package init(status: Int) {
        self.status = status
        fields.reserveCapacity(12)
    }

    package mutating func add(_ name: StaticString, _ value: String) {
        fields.append((.fixed(name), value))
    }

    package mutating func add(dynamic name: String, _ value: String) {
        fields.append((.dynamic(name), value))
    }
}
