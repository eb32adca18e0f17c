// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One request and its answer; confined to the connection's event loop.
///
/// Unchecked because the loop owns it: `respond(to:)` runs on that loop, and so do the child tasks it starts; each
/// method checks that it is called there. Answer once: `respond`, or `respondHead`, or `start`, `write`…, `finish`. One
/// task at a time may wait in `readBody`, and one in `write`. After `respond(to:)` has returned, everything throws
/// `disconnected`.
package final class HTTPExchange: @unchecked Sendable {
    enum Answer {
        case none
        case open
        case finished
    }

    package let request: HTTPRequest
    package let allocator: ByteBufferAllocator
    /// Body bytes so far, without chunk framing.
    package private(set) var bytesReceived: UInt64 = 0
    /// Answer body bytes so far, without chunk framing.
    package private(set) var bytesSent: UInt64 = 0
    private var answer = Answer.none
    private var framing = AnswerFraming(length: .none, sendsBody: false)
    private var connection: HTTPConnection?

    init(_ request: HTTPRequest, _ connection: HTTPConnection) {
        self.request = request
        self.connection = connection
        self.allocator = connection.context?.channel.allocator ?? ByteBufferAllocator()
    }

    // MARK: Request body

    /// Next piece of the decoded (HTTP-chunked removed) body, nil at its end. The first call sends "100 Continue" if
    /// the client expects it.
    package func readBody() async throws(HTTPExchangeError) -> ByteBuffer? {
        let connection = try usable()
        guard let piece = try await connection.readBody() else { return nil }
        bytesReceived += UInt64(piece.readableBytes)
        return piece
    }

    /// The whole rest of the body; throws `bodyTooLarge` as soon as more than the limit is announced or has come.
    package func collectBody(byteCountMax: Int) async throws(HTTPExchangeError) -> ByteBuffer {
        if let length = request.contentLength, length - min(length, bytesReceived) > UInt64(byteCountMax) {
            throw .bodyTooLarge
        }
        guard var whole = try await readBody() else { return ByteBuffer() }
        guard whole.readableBytes <= byteCountMax else { throw .bodyTooLarge }
        while var piece = try await readBody() {
            guard whole.readableBytes + piece.readableBytes <= byteCountMax else { throw .bodyTooLarge }
            if let length = request.contentLength { whole.reserveCapacity(min(Int(length), byteCountMax)) }
            whole.writeBuffer(&piece)
        }
        return whole
    }

    // MARK: Answer

    /// The whole answer; its Content-Length comes from `body` (0 when nil). For HEAD the bytes are not sent.
    package func respond(_ head: HTTPResponseHead, body: ByteBuffer?) async throws(HTTPExchangeError) {
        let connection = try begin()
        let framing = AnswerFraming.whole(
            byteCount: body?.readableBytes ?? 0,
            isHead: request.method == .head,
            status: head.status,
        )
        connection.begin(head, framing.length, of: request)
        if framing.sendsBody, let body {
            connection.append(body)
            bytesSent = UInt64(body.readableBytes)
        }
        answer = .finished
        connection.flushOutput()
    }

    /// An answer without body bytes but with an announced length (HEAD, 304). For any other the length is 0.
    package func respondHead(_ head: HTTPResponseHead, contentLength: UInt64?) async throws(HTTPExchangeError) {
        let connection = try begin()
        let framing = AnswerFraming.announced(
            contentLength,
            isHead: request.method == .head,
            status: head.status,
        )
        connection.begin(head, framing.length, of: request)
        answer = .finished
        connection.flushOutput()
    }

    /// Begins a streamed answer of known length, or chunked (nil). Then `write`… and `finish`. The head travels with
    /// the first piece.
    package func start(_ head: HTTPResponseHead, contentLength: UInt64?) async throws(HTTPExchangeError) {
        let connection = try begin()
        framing = AnswerFraming.streamed(
            contentLength,
            isHead: request.method == .head,
            status: head.status,
            minorVersion: request.minorVersion,
        )
        connection.begin(head, framing.length, of: request)
        answer = .open
        connection.flushSoon()
    }

    /// Sends a piece; suspends while the peer's window is full. More bytes than announced cut the connection.
    package func write(_ buffer: ByteBuffer) async throws(HTTPExchangeError) {
        let connection = try usable()
        precondition(answer == .open, "write comes between start and finish")
        let count = buffer.readableBytes
        guard count > 0, framing.sendsBody else { return }
        switch framing.length {
        case .fixed(let length):
            guard bytesSent + UInt64(count) <= length else {
                abort()
                throw .disconnected
            }
            connection.append(buffer)
        case .chunked:
            connection.appendChunk(buffer)
        case .none, .untilClose:
            connection.append(buffer)
        }
        bytesSent += UInt64(count)
        connection.flushWrites()
        try await connection.waitForWritability()
        await connection.loop.turns.spend(count)
    }

    /// Ends a streamed answer; one that is shorter than announced cuts the connection.
    package func finish() async throws(HTTPExchangeError) {
        let connection = try usable()
        precondition(answer == .open, "finish comes once, after start")
        if framing.sendsBody {
            if case .fixed(let length) = framing.length, bytesSent != length {
                abort()
                throw .disconnected
            }
            if framing.length == .chunked { connection.appendLastChunk() }
        }
        answer = .finished
        connection.flushOutput()
    }

    /// Cuts the connection: the only honest end of an answer whose bytes turned out bad after the head was sent.
    package func abort() {
        connection?.cut()
    }

    // MARK: Peer

    /// Does what nobody but this peer waits for: cancelled when the peer hangs up. One that closes its side and still waits for an
    /// answer counts as gone, too.
    package func whilePeerWaits<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let hangUp = try usable().watchForHangUp()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in hangUp {}
                return nil
            }
            while let ended = try await group.next() {
                group.cancelAll()
                if let value = ended { return value }
            }
            throw HTTPExchangeError.disconnected
        }
    }

    // MARK: Inside

    /// Called when the service has returned.
    func detach() -> Answer {
        connection = nil
        return answer
    }

    private func usable() throws(HTTPExchangeError) -> HTTPConnection {
        guard let connection else { throw .disconnected }
        connection.loop.eventLoop.preconditionInEventLoop()
        guard connection.phase == .exchange else { throw connection.writeHasTimedOut ? .timedOut : .disconnected }
        return connection
    }

    private func begin() throws(HTTPExchangeError) -> HTTPConnection {
        let connection = try usable()
        precondition(answer == .none, "a request is answered once")
        return connection
    }
}
