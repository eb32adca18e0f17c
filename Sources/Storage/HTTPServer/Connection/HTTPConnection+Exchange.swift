// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What an exchange asks of its connection.
extension HTTPConnection {
    // MARK: Body

    func readBody() async throws(HTTPExchangeError) -> ByteBuffer? {
        if mustSendContinue { sendContinue() }
        while true {
            guard phase == .exchange else { throw .disconnected }
            guard !bodyHasTimedOut else { throw .timedOut }
            switch body.next(&inbound) {
            case .piece(let piece):
                resumeReading()
                return piece
            case .end:
                resumeReading()
                return nil
            case .malformed:
                throw .malformedBody
            case .needsMore:
                guard !isInputClosed else { throw .disconnected }
                await waitForBody()
            }
        }
    }

    private func sendContinue() {
        mustSendContinue = false
        // Who has sent body bytes already does not wait for it.
        guard inbound.isEmpty else { return }
        if output.capacity == 0 { output = loop.takeOutput() }
        output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        flushOutput()
    }

    private func waitForBody() async {
        flushOutput()
        deadlineTick = loop.tick + loop.limits.body
        await withUnsafeContinuation { continuation in
            bodyWaiter = continuation
            resumeReading()
        }
        deadlineTick = .max
    }

    func wakeBodyReader() {
        guard let waiter = bodyWaiter else { return }
        bodyWaiter = nil
        waiter.resume()
    }

    /// Ends when the peer has closed its side, or is lost.
    func watchForHangUp() -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        hangUp = continuation
        if isInputClosed { continuation.finish() }
        return stream
    }

    // MARK: Answer

    /// Sends an answer's head, and decides whether the connection can be used again.
    func begin(_ head: HTTPResponseHead, _ length: AnswerFraming.Length, of request: HTTPRequest) {
        // botocore waits for 100 before an empty body, too. It takes a final answer in its place for the status of every
        // later answer on the connection, and so for a success of uploads that a crash cut short.
        if mustSendContinue, body.isAtEnd { sendContinue() }
        // After the client's last byte, requests that came before it are still answered.
        let isLast = isInputClosed && inbound.isEmpty
        closesAfterExchange =
            !request.wantsKeepAlive || loop.isDraining || isLast || length == .untilClose || !canDrainBody
        encode(head, length, minorVersion: request.minorVersion, keepsAlive: !closesAfterExchange)
    }

    /// A client still waiting for 100 may or may not send its body after the answer, so nothing is certain then.
    private var canDrainBody: Bool {
        if body.isAtEnd { return true }
        if mustSendContinue || body.isMalformed || bodyHasTimedOut { return false }
        return body.remainingByteCount.map { $0 <= loop.configuration.drainByteCountMax } ?? true
    }

    /// Returns when the peer has taken so much that more may follow.
    func waitForWritability() async throws(HTTPExchangeError) {
        while phase == .exchange, let context, !context.channel.isWritable {
            watchWrites()
            await withUnsafeContinuation { writeWaiter = $0 }
        }
        guard !writeHasTimedOut else { throw .timedOut }
        guard phase == .exchange else { throw .disconnected }
    }

    func wakeWriter() {
        guard let waiter = writeWaiter else { return }
        writeWaiter = nil
        waiter.resume()
    }

    /// One chunk of the chunked coding.
    func appendChunk(_ buffer: ByteBuffer) {
        if output.capacity == 0 { output = loop.takeOutput() }
        output.writeString(String(buffer.readableBytes, radix: 16))
        output.writeStaticString("\r\n")
        append(buffer)
        if output.capacity == 0 { output = loop.takeOutput() }
        output.writeStaticString("\r\n")
    }

    func appendLastChunk() {
        if output.capacity == 0 { output = loop.takeOutput() }
        output.writeStaticString("0\r\n\r\n")
    }
}
