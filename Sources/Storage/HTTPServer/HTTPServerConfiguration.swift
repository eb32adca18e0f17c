// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOSSL

/// What a listener is given; every default is written out.
package struct HTTPServerConfiguration: Sendable {
    package var eventLoopGroup: any EventLoopGroup
    /// An IPv4 or IPv6 address, or a name.
    package var address = "127.0.0.1"
    /// 0 takes any free port; `HTTPServer.port` says which.
    package var port = 0
    /// Nil speaks plain HTTP. Closing waits for the peer's part of the TLS shutdown, up to the context's
    /// `shutdownTimeout` (5 s by default: choose less, it also holds up draining).
    package var tls: NIOSSLContext?
    /// Above it a new connection is told 503 and closed.
    package var connectionCountMax = 16_384
    /// Request line and header lines together.
    package var headerByteCountMax = 64 << 10
    package var headerCountMax = 256
    /// Received body bytes that wait for the service, per connection, before the socket is left alone. One more read of
    /// at most `readByteCountMax` may come on top. A quarter of both with more than `roomyConnectionCountMax` connections.
    package var bodyBufferByteCountMax = 512 << 10
    /// Each read also tells the sender how much more it may send, which costs more than the copy.
    package var readByteCountMax = 512 << 10
    package var roomyConnectionCountMax = 32
    /// Answer bytes that wait for the peer before `write` suspends; a `write` goes on below a quarter of it.
    package var writeBufferByteCountMax = 512 << 10
    /// Answer bytes that a loop sends before it looks at its other connections: a quarter of a millisecond. Half of it makes small
    /// requests wait no less, because others use the processor as well, and costs large answers 5 %.
    package var turnByteCountMax = 1 << 20
    /// An unread rest of a request body up to this size is read and dropped to keep the connection.
    package var drainByteCountMax: UInt64 = 64 << 10
    /// From a head's first byte to its last.
    package var headerTimeout = Duration.seconds(10)
    /// Between requests.
    package var idleTimeout = Duration.seconds(60)
    /// Without a byte of the body that the service waits for.
    package var bodyTimeout = Duration.seconds(30)
    /// Without the peer taking a byte of the answer.
    package var writeTimeout = Duration.seconds(60)
    /// How long input is still dropped after an answer that closes the connection, so that no reset destroys the
    /// answer.
    package var lingerTimeout = Duration.seconds(5)
    package var retryAfterSeconds = 1
    /// The service's own error document for what the server answers itself.
    package var protocolErrorResponse: @Sendable (HTTPProtocolError) -> HTTPImmediateResponse = { error in
        var head = HTTPResponseHead(status: error.status)
        head.add("Content-Type", "text/plain; charset=utf-8")
        return HTTPImmediateResponse(head: head, body: ByteBuffer(string: error.reason + "\n"))
    }

    package init(eventLoopGroup: any EventLoopGroup) {
        self.eventLoopGroup = eventLoopGroup
    }
}
