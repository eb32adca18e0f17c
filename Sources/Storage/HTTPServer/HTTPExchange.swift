// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One request and its answer; confined to the connection's event loop.
///
/// Unchecked because the loop owns it: `respond(to:)` runs on that loop, and so do the child tasks it starts; each method
/// checks that it is called there. Answer once: `respond`, or `respondHead`, or `start`, `write`…, `finish`.
package final class HTTPExchange: @unchecked Sendable {
    package let request: HTTPRequest
    package let allocator: ByteBufferAllocator
    /// The answer's head has been sent.
    package private(set) var hasStarted = false
    /// Body bytes so far, without chunk framing.
    package private(set) var bytesReceived: UInt64 = 0
    /// Answer body bytes so far, without chunk framing.
    package private(set) var bytesSent: UInt64 = 0

    init(request: HTTPRequest, allocator: ByteBufferAllocator) {
        self.request = request
        self.allocator = allocator
    }

    /// Next piece of the decoded (HTTP-chunked removed) body, nil at its end. The first call sends "100 Continue" if the
    /// client expects it.
    package func readBody() async throws(HTTPExchangeError) -> ByteBuffer? {
        throw .disconnected
    }

    /// The whole rest of the body; throws `bodyTooLarge` as soon as more than the limit is announced or has come.
    package func collectBody(byteCountMax: Int) async throws(HTTPExchangeError) -> ByteBuffer {
        throw .disconnected
    }

    /// The whole answer; its Content-Length comes from `body` (0 when nil). For HEAD the bytes are not sent.
    package func respond(_ head: HTTPResponseHead, body: ByteBuffer?) async throws(HTTPExchangeError) {
        throw .disconnected
    }

    /// An answer without body bytes but with an announced length (HEAD, 304). For any other the length is 0.
    package func respondHead(_ head: HTTPResponseHead, contentLength: UInt64?) async throws(HTTPExchangeError) {
        throw .disconnected
    }

    /// Begins a streamed answer of known length, or chunked (nil). Then `write`… and `finish`.
    package func start(_ head: HTTPResponseHead, contentLength: UInt64?) async throws(HTTPExchangeError) {
        throw .disconnected
    }

    /// Sends a piece; suspends while the peer's window is full.
    package func write(_ buffer: ByteBuffer) async throws(HTTPExchangeError) {
        throw .disconnected
    }

    /// Ends a streamed answer; one that is shorter than announced cuts the connection.
    package func finish() async throws(HTTPExchangeError) {
        throw .disconnected
    }

    /// Cuts the connection: the only honest end of an answer whose bytes turned out bad after the head was sent.
    package func abort() {}
}
