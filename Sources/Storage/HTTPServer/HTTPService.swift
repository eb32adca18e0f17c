// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What answers the requests of a listener.
package protocol HTTPService: Sendable {
    /// Answers at once, on the event loop, or says nil to be asked through `respond`. Called for requests without a
    /// body only. Must not block and must not take more than some tens of microseconds.
    func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse?

    /// Answers through `exchange`; runs on the connection's event loop, so heavy or blocking work goes elsewhere.
    /// Returning without an answer is a 500; returning with an unread body drains it if small and closes otherwise.
    func respond(to exchange: HTTPExchange) async
}

/// A complete answer. For HEAD the body's length is announced and its bytes are not sent.
package struct HTTPImmediateResponse: Sendable {
    package var head: HTTPResponseHead
    package var body: ByteBuffer?

    package init(head: HTTPResponseHead, body: ByteBuffer? = nil) {
        self.head = head
        self.body = body
    }
}

/// Why reading a request or writing an answer can't go on.
package enum HTTPExchangeError: Error, Sendable, Hashable {
    /// The peer went away or reset the connection.
    case disconnected
    /// The peer sent nothing, or took nothing, for too long.
    case timedOut
    /// Chunked framing that can't be read, or more bytes than announced.
    case malformedBody
    /// `collectBody` met more bytes than its limit.
    case bodyTooLarge
}
