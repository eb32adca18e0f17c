// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension HTTPConnection {
    /// A whole answer. `request` is nil when none could be read.
    func send(_ answer: HTTPImmediateResponse, to request: HTTPRequest?, keepsAlive: Bool) {
        let framing = AnswerFraming.whole(
            byteCount: answer.body?.readableBytes ?? 0,
            isHead: request?.method == .head,
            status: answer.head.status,
        )
        encode(answer.head, framing.length, minorVersion: request?.minorVersion ?? 1, keepsAlive: keepsAlive)
        if framing.sendsBody, let body = answer.body { append(body) }
    }

    func encode(_ head: HTTPResponseHead, _ length: AnswerFraming.Length, minorVersion: Int, keepsAlive: Bool) {
        if output.capacity == 0 { output = loop.takeOutput() }
        AnswerEncoder.encode(
            head,
            length,
            keepsAlive ? (minorVersion == 0 ? .keepAlive : .implied) : .close,
            dateLine: loop.currentDateLine(),
            into: &output,
        )
    }

    /// Puts body bytes behind what is to be sent: copied when small, else as they are.
    func append(_ buffer: ByteBuffer) {
        let count = buffer.readableBytes
        guard count > 0 else { return }
        unflushedByteCount += count
        if count <= Self.copiedBodyByteCountMax {
            if output.capacity == 0 { output = loop.takeOutput() }
            output.writeImmutableBuffer(buffer)
        } else {
            writeOutput()
            context?.write(wrapOutboundOut(buffer), promise: nil)
            needsFlush = true
        }
    }

    /// Sends what was written if it is much; else the next piece, or the loop's next turn, takes it along.
    func flushWrites() {
        if unflushedByteCount >= Self.collectedByteCountMax { flushOutput() } else { flushSoon() }
    }

    /// Sends what is there by the next turn of the loop, if nobody has done so before.
    func flushSoon() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.assumeIsolatedUnsafeUnchecked().execute {
            self.isFlushScheduled = false
            self.flushOutput()
        }
    }

    /// Sends everything collected so far.
    func flushOutput() {
        unflushedByteCount = 0
        if needsFlush {
            writeOutput()
            needsFlush = false
            context?.flush()
        } else if output.readableBytes > 0 {
            let buffer = takeOutput()
            context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            // The channel has let go of it if the socket took it all; else the spare's next user gets a fresh one.
            loop.giveBackOutput(buffer)
        }
        resumeReading()
    }

    private func writeOutput() {
        guard output.readableBytes > 0 else { return }
        let buffer = takeOutput()
        context?.write(wrapOutboundOut(buffer), promise: nil)
        loop.giveBackOutput(buffer)
        needsFlush = true
    }

    private func takeOutput() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &output)
        return buffer
    }

    // MARK: Closing

    /// Ends the connection once everything sent so far has been taken. With `lingers`, input is dropped for a while
    /// first: closing a socket that holds unread bytes would reset it and could destroy the answer on its way.
    func closeAfterOutput(lingers: Bool) {
        guard phase != .closed, phase != .lingering, let context else { return }
        phase = .lingering
        deadlineTick = .max
        inbound.removeAll()
        flushOutput()
        guard phase == .lingering else { return }
        let isSent = pendingByteCount == 0
        if isSent, !lingers || isInputClosed {
            context.close(promise: nil)
            return
        }
        watchWrites()
        let sent = loop.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.outputIsSent(lingers: lingers) }
    }

    private func outputIsSent(lingers: Bool) {
        guard phase == .lingering, let context else { return }
        stallTick = .max
        if lingers, !isInputClosed {
            deadlineTick = loop.tick + loop.limits.linger
            context.close(mode: .output, promise: nil)
            resumeReading()
        } else {
            context.close(promise: nil)
        }
    }

    func closeIdle() {
        closeAfterOutput(lingers: false)
    }

    /// Ends the connection at once, whatever is under way. What was written goes first, as far as the peer takes it.
    func cut() {
        flushOutput()
        context?.close(promise: nil)
    }

    /// Bytes that wait for the peer.
    var pendingByteCount: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        // Only an already closed channel throws.
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: Deadlines

    /// From now on a peer that takes nothing for the write timeout is cut.
    func watchWrites() {
        guard stallTick == .max else { return }
        stalledByteCount = pendingByteCount
        stallTick = loop.tick + loop.limits.write
    }

    /// Called by the loop's sweep.
    func checkDeadline() {
        if stallTick != .max { checkStall() }
        guard loop.tick >= deadlineTick else { return }
        switch phase {
        case .head:
            if pendingByteCount > 0 {
                // A large answer is still being taken.
                watchWrites()
                deadlineTick = loop.tick + loop.limits.idle
            } else if !inbound.isEmpty {
                refuse(.headTimeout)
            } else {
                context?.close(promise: nil)
            }
        case .exchange:
            deadlineTick = .max
            bodyHasTimedOut = true
            wakeBodyReader()
        case .draining, .lingering:
            context?.close(promise: nil)
        case .closed:
            break
        }
    }

    private func checkStall() {
        let pending = pendingByteCount
        if pending == 0 {
            stallTick = .max
        } else if pending != stalledByteCount {
            stalledByteCount = pending
            stallTick = loop.tick + loop.limits.write
        } else if loop.tick >= stallTick {
            writeHasTimedOut = true
            wakeWriter()
            cut()
        }
    }
}
