// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension HTTPConnection {
    /// Answers as many waiting requests as can be answered at once, up to one that needs its service's task, an
    /// incomplete head, or a peer that takes no answers. Leaves the last flush to the caller.
    func advance() {
        // A flush in here can call back; the loop below then sees what has changed.
        guard !isAdvancing else { return }
        isAdvancing = true
        while phase == .head, let context, context.channel.isWritable {
            guard let request = nextRequest() else { break }
            handle(request)
            if output.readableBytes >= Self.batchByteCountMax { flushOutput() }
        }
        isAdvancing = false
        if phase == .head {
            if isInputClosed, context?.channel.isWritable ?? false {
                closeAfterOutput(lingers: false)
            } else if context?.channel.isWritable == false {
                watchWrites()
            }
        }
        resumeReading()
    }

    /// Nil when there is no whole head, or when it was refused.
    private func nextRequest() -> HTTPRequest? {
        guard skipEmptyLine() else { return nil }
        inbound.makeContiguous()
        switch inbound.withFirst({ scanner.scan($0, byteCountMax: loop.configuration.headerByteCountMax) }) {
        case .incomplete:
            return nil
        case .refused(let error):
            refuse(error)
            return nil
        case .complete(let count):
            scanner = HeadScanner()
            hasSkippedEmptyLine = false
            guard let head = inbound.take(atMost: count) else { return nil }
            do throws(HTTPProtocolError) {
                return try RequestHead.parse(
                    head,
                    headerCountMax: loop.configuration.headerCountMax,
                    remoteAddress: remoteAddress,
                    isSecure: loop.configuration.tls != nil,
                )
            } catch {
                refuse(error)
                return nil
            }
        }
    }

    /// RFC 9112 §2.2: one empty line before a request is let pass. False when more bytes are needed.
    private func skipEmptyLine() -> Bool {
        guard !hasSkippedEmptyLine else { return !inbound.isEmpty }
        let (count, isComplete) = inbound.withFirst { bytes -> (Int, Bool) in
            switch bytes.first {
            case ASCII.lineFeed: (1, true)
            case ASCII.carriageReturn:
                // A lone CR may be the first half.
                bytes.count == 1 ? (0, false) : bytes[1] == ASCII.lineFeed ? (2, true) : (0, true)
            default: (0, true)
            }
        }
        if count > 0 {
            inbound.skip(count)
            hasSkippedEmptyLine = true
        }
        return isComplete && !inbound.isEmpty
    }

    private func handle(_ request: HTTPRequest) {
        if !request.hasBody, !request.expectsContinue, let answer = loop.service.respondAtOnce(to: request) {
            let keepsAlive = request.wantsKeepAlive && !loop.isDraining && !(isInputClosed && inbound.isEmpty)
            send(answer, to: request, keepsAlive: keepsAlive)
            if keepsAlive {
                deadlineTick = loop.tick + (inbound.isEmpty ? loop.limits.idle : loop.limits.header)
            } else {
                closeAfterOutput(lingers: !inbound.isEmpty)
            }
            return
        }
        phase = .exchange
        deadlineTick = .max
        body = BodyDecoder(contentLength: request.contentLength, isChunked: request.isChunked)
        bodyHasTimedOut = false
        writeHasTimedOut = false
        closesAfterExchange = false
        mustSendContinue = request.expectsContinue
        let exchange = HTTPExchange(request.keepingHead(), self)
        self.exchange = exchange
        if let waiter = exchangeWaiter {
            exchangeWaiter = nil
            waiter.resume(returning: exchange)
        } else {
            waitingExchange = exchange
            if !isServed {
                isServed = true
                loop.requestTask(for: self)
            }
        }
    }

    /// Answers in place of the service, and closes.
    func refuse(_ error: HTTPProtocolError) {
        guard phase != .closed, phase != .lingering else { return }
        var answer = loop.configuration.protocolErrorResponse(error)
        if error == .tooManyConnections {
            answer.head.add("Retry-After", "\(loop.configuration.retryAfterSeconds)")
        }
        send(answer, to: nil, keepsAlive: false)
        closeAfterOutput(lingers: true)
        flushOutput()
    }

    // MARK: The service's task

    /// Serves the connection's exchanges, one after another, on the loop; returns when it has closed.
    func serve() async {
        loop.eventLoop.preconditionInEventLoop()
        while let exchange = await nextExchange() {
            await loop.service.respond(to: exchange)
            end(exchange)
        }
        isServed = false
    }

    private func nextExchange() async -> HTTPExchange? {
        if let exchange = waitingExchange {
            waitingExchange = nil
            return exchange
        }
        guard phase != .closed else { return nil }
        return await withUnsafeContinuation { exchangeWaiter = $0 }
    }

    private func end(_ exchange: HTTPExchange) {
        loop.eventLoop.preconditionInEventLoop()
        let answer = exchange.detach()
        self.exchange = nil
        guard phase == .exchange else { return }
        switch answer {
        case .none:
            refuse(.noAnswer)
        case .open:
            // The client must not take what it has for the whole.
            cut()
        case .finished:
            if closesAfterExchange {
                closeAfterOutput(lingers: !body.isAtEnd || !inbound.isEmpty)
            } else {
                phase = .draining
                drainedByteCount = 0
                deadlineTick = loop.tick + loop.limits.body
                drainBody()
            }
        }
        flushOutput()
    }

    /// Drops the rest of a request's body, which is small or unknown, then goes on with the next request.
    func drainBody() {
        while phase == .draining {
            switch body.next(&inbound) {
            case .piece(let piece):
                drainedByteCount += UInt64(piece.readableBytes)
                if drainedByteCount > loop.configuration.drainByteCountMax { closeAfterOutput(lingers: true) }
            case .needsMore:
                if isInputClosed { context?.close(promise: nil) }
                resumeReading()
                return
            case .malformed:
                closeAfterOutput(lingers: true)
            case .end:
                phase = .head
                deadlineTick = loop.tick + (inbound.isEmpty ? loop.limits.idle : loop.limits.header)
                advance()
            }
        }
    }
}

extension HTTPRequest {
    /// The same request with a header block of its own, so that it doesn't hold the buffer it came in.
    func keepingHead() -> HTTPRequest {
        var request = self
        request.headers = headers.compacted()
        return request
    }
}
