// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Why the server answers instead of the service: the request could not be read, or there is no room for it.
///
/// The connection closes after each of them.
package enum HTTPProtocolError: Error, Sendable, Hashable, CaseIterable {
    /// Not three parts with single spaces between them, or a method that is no token.
    case badRequestLine
    /// A control byte, invalid UTF-8, a fragment, or neither origin, absolute nor asterisk form.
    case badTarget
    /// No HTTP/1.0 or HTTP/1.1.
    case unsupportedVersion
    /// A line that is no `name: value`, is folded, ends in a bare LF, or holds a control byte.
    case badHeader
    /// The head is longer, or has more lines, than the configuration allows.
    case headTooLarge
    /// HTTP/1.1 without a Host.
    case missingHost
    /// More than one Host, or one that can't be a host.
    case badHost
    /// A Content-Length that is no number below 2^63, or comes twice.
    case badContentLength
    /// Content-Length and Transfer-Encoding together, or Transfer-Encoding in HTTP/1.0.
    case ambiguousLength
    /// A Transfer-Encoding other than `chunked`.
    case unsupportedTransferCoding
    /// An Expect other than `100-continue`.
    case unsupportedExpectation
    /// The head did not come in time.
    case headTimeout
    /// More connections than allowed; the server adds Retry-After itself.
    case tooManyConnections
    /// The service returned without an answer.
    case noAnswer

    package var status: Int {
        switch self {
        case .badRequestLine, .badTarget, .badHeader, .missingHost, .badHost, .badContentLength, .ambiguousLength: 400
        case .headTimeout: 408
        case .unsupportedExpectation: 417
        case .headTooLarge: 431
        case .noAnswer: 500
        case .unsupportedTransferCoding: 501
        case .tooManyConnections: 503
        case .unsupportedVersion: 505
        }
    }

    /// One sentence for the client.
    package var reason: String {
        switch self {
        case .badRequestLine: "The request line can't be read."
        case .badTarget: "The request target is not valid."
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        case .badHeader: "A header line is not valid."
        case .headTooLarge: "The request's header section is too large."
        case .missingHost: "The Host header is missing."
        case .badHost: "The Host header is not valid."
        case .badContentLength: "The Content-Length header is not valid."
        case .ambiguousLength: "The length of the request body is ambiguous."
        case .unsupportedTransferCoding: "The transfer coding is not supported."
        case .unsupportedExpectation: "The expectation can't be met."
        case .headTimeout: "The request did not arrive in time."
        case .tooManyConnections: "Too many connections; try again."
        case .noAnswer: "Internal error."
        }
    }
}
