// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// One connection: reads a head, has it answered, and only then looks at the next.
///
/// Phases: `head` (idle between requests, or some bytes of a head are there) → `exchange` (a service works on it) →
/// perhaps `draining` (the unread rest of a small body) → `head` …, and at the end `lingering` (the answer is out,
/// input is dropped for a while so that no reset destroys it) → `closed`.
///
/// Input is bounded: the socket is read only while less waits than the phase allows. Output is bounded: no head is
/// parsed and no `write` returns while more waits for the peer than the high-water mark.
///
/// Unchecked because the event loop owns it: the channel's events, the exchange's methods and the service's task all
/// run there.
final class HTTPConnection: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase: Equatable {
        case head
        case exchange
        case draining
        case lingering
        case closed
    }

    /// Input that may wait while nobody wants it, for instance the next of several pipelined requests.
    static let lookaheadByteCountMax = 16 << 10
    /// Answers collected before they are sent although more requests wait.
    static let batchByteCountMax = 64 << 10
    /// Bodies up to this size are copied behind their head, so that one buffer goes to the socket.
    static let copiedBodyByteCountMax = 16 << 10
    /// Pieces of an answer that are collected for one system call: each one also wakes the peer up. Less than what makes the
    /// channel ask the writer to wait (`writeBufferByteCountMax`).
    static let collectedByteCountMax = 384 << 10

    let loop: HTTPLoop
    /// In the loop's table; -1 when not there.
    var slot = -1
    var context: ChannelHandlerContext?
    var phase = Phase.head
    var remoteAddress = ""

    // Input.
    var inbound = InboundQueue()
    var scanner = HeadScanner()
    var hasSkippedEmptyLine = false
    var isInputClosed = false
    /// The channel asked to read and was not let.
    var isReadHeld = false
    var hasReceived = false
    var isAdvancing = false
    var body = BodyDecoder(contentLength: nil, isChunked: false)
    var bodyWaiter: UnsafeContinuation<Void, Never>?
    var bodyHasTimedOut = false
    var drainedByteCount: UInt64 = 0

    // Output.
    var output = ByteBuffer()
    var needsFlush = false
    /// Of bodies, since the last flush.
    var unflushedByteCount = 0
    var isFlushScheduled = false
    var closesAfterExchange = false
    var writeWaiter: UnsafeContinuation<Void, Never>?
    var writeHasTimedOut = false

    // Exchange.
    /// Ends when the peer hangs up.
    var hangUp: AsyncStream<Never>.Continuation?
    var exchange: HTTPExchange?
    var mustSendContinue = false
    var isServed = false
    var exchangeWaiter: UnsafeContinuation<HTTPExchange?, Never>?
    var waitingExchange: HTTPExchange?

    // Deadlines, in the loop's ticks.
    var deadlineTick = Int.max
    var stalledByteCount = 0
    var stallTick = Int.max

    init(_ loop: HTTPLoop) {
        self.loop = loop
    }

    var configuration: HTTPServerConfiguration { loop.configuration }

    /// Between requests with nothing received of the next.
    var isIdle: Bool { phase == .head && inbound.isEmpty }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        remoteAddress = context.remoteAddress?.ipAddress ?? ""
        deadlineTick = loop.tick + loop.limits.idle
        if loop.server.connectionCount.load(ordering: .relaxed) > loop.configuration.connectionCountMax {
            refuse(.tooManyConnections)
        } else if loop.isDraining {
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        hasReceived = true
        receive(buffer)
        if inbound.isEmpty { loop.giveBackInput(buffer) }
    }

    private func receive(_ buffer: ByteBuffer) {
        switch phase {
        case .head:
            if inbound.isEmpty { deadlineTick = loop.tick + loop.limits.header }
            inbound.append(buffer)
            advance()
        case .exchange:
            inbound.append(buffer)
            wakeBodyReader()
        case .draining:
            inbound.append(buffer)
            drainBody()
        case .lingering, .closed:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushOutput()
        if phase == .head { inbound.compact() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        stallTick = .max
        wakeWriter()
        if phase == .head {
            advance()
            flushOutput()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            inputClosed()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset, or TLS that can't be read: nothing sensible can be answered.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
        self.context = nil
    }

    /// Called once or more; fails whoever waits.
    private func ended() {
        guard phase != .closed else { return }
        phase = .closed
        deadlineTick = .max
        stallTick = .max
        inbound.removeAll()
        output = ByteBuffer()
        loop.remove(self)
        wakeBodyReader()
        wakeWriter()
        hangUp?.finish()
        if let waiter = exchangeWaiter {
            exchangeWaiter = nil
            waiter.resume(returning: nil)
        }
    }

    private func inputClosed() {
        isInputClosed = true
        switch phase {
        case .head:
            advance()
            flushOutput()
        case .exchange:
            wakeBodyReader()
            hangUp?.finish()
        case .draining, .lingering:
            context?.close(promise: nil)
        case .closed:
            break
        }
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if wantsInput {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    private var wantsInput: Bool {
        guard !isInputClosed else { return false }
        switch phase {
        case .head: return inbound.byteCount < Self.lookaheadByteCountMax || context?.channel.isWritable ?? false
        case .exchange:
            let limit = body.isAtEnd ? Self.lookaheadByteCountMax : share(of: loop.configuration.bodyBufferByteCountMax)
            return inbound.byteCount < limit
        case .draining, .lingering: return true
        case .closed: return false
        }
    }

    /// What this connection may hold of what is meant for few of them.
    private func share(of byteCount: Int) -> Int {
        let isCrowded =
            loop.server.connectionCount.load(ordering: .relaxed) > loop.configuration.roomyConnectionCountMax
        return isCrowded ? byteCount / 4 : byteCount
    }

    /// To be called when input was taken out or the phase has changed.
    func resumeReading() {
        guard isReadHeld, wantsInput, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// Room for the next read: small and shared while heads come, large while a large body does.
    func receiveBuffer(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        // The channel keeps the first buffer it is ever given, so that one is small.
        guard hasReceived else { return allocator.buffer(capacity: 2_048) }
        guard phase == .exchange || phase == .draining, body.expectedByteCount > UInt64(HTTPLoop.spareByteCount) else {
            return loop.takeInput()
        }
        return allocator.buffer(
            capacity: Int(min(body.expectedByteCount, UInt64(share(of: loop.configuration.readByteCountMax))))
        )
    }
}

/// Gives the connection's own choice of buffers to the channel.
struct ReceiveAllocator: RecvByteBufferAllocator {
    let connection: HTTPConnection

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        connection.receiveBuffer(allocator)
    }

    /// None, or the channel would keep and grow a buffer of its own.
    func nextBufferSize() -> Int? { nil }

    /// "May grow" makes the channel ask again each time.
    mutating func record(actualReadBytes: Int) -> Bool { true }
}
