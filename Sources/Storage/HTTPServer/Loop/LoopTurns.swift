// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// Lets a loop look at its sockets between the pieces of long answers.
///
/// An event loop polls only when no task is left, and what a task resumes is a task: answers that always have something to
/// send, and take turns, would keep all other connections waiting. So who has sent its share waits for a byte that the loop
/// sends to itself, through a pipe: to see it the loop has to poll, and sees what others have sent as well. One answer goes
/// on for each byte.
///
/// Unchecked because the event loop owns it.
final class LoopTurns: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private enum Pipe {
        /// Nobody has needed one yet.
        case none
        case opening
        case open(ChannelHandlerContext)
        /// The loop has ended.
        case closed
    }

    private let eventLoop: any EventLoop
    private let byteCountMax: Int
    private let makePipe: () -> (input: CInt, output: CInt)?
    private var pipe = Pipe.none
    private var waiters = CircularBuffer<UnsafeContinuation<Void, Never>>()
    /// Since the loop has polled.
    private var spentByteCount = 0
    private let token = ByteBuffer(bytes: [0])

    /// - Parameter makePipe: nil when there are no descriptors left.
    init(
        _ eventLoop: any EventLoop,
        byteCountMax: Int,
        makePipe: @escaping () -> (input: CInt, output: CInt)? = LoopTurns.makePipe
    ) {
        self.eventLoop = eventLoop
        self.byteCountMax = byteCountMax
        self.makePipe = makePipe
    }

    /// Called behind each piece of an answer; returns when the next one may be sent.
    func spend(_ byteCount: Int) async {
        spentByteCount += byteCount
        guard spentByteCount >= byteCountMax else { return }
        if case .none = pipe { open() }
        switch pipe {
        case .opening, .open: break
        // There are no descriptors left, or the loop has ended.
        case .none, .closed: return
        }
        await withUnsafeContinuation { waiter in
            waiters.append(waiter)
            if waiters.count == 1 { sendToken() }
        }
    }

    /// The last call: nobody waits from now on.
    func close() {
        let last = pipe
        pipe = .closed
        if case .open(let context) = last { context.close(promise: nil) }
        end()
    }

    private func open() {
        pipe = .opening
        guard let bootstrap = NIOPipeBootstrap(validatingGroup: eventLoop), let (input, output) = makePipe() else {
            return end()
        }
        bootstrap
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(self) }
            }
            .takingOwnershipOfDescriptors(input: input, output: output)
            .whenFailure { _ in
                for descriptor in [input, output] { Glibc.close(descriptor) }
                self.end()
            }
    }

    static func makePipe() -> (input: CInt, output: CInt)? {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private func sendToken() {
        if case .open(let context) = pipe { context.writeAndFlush(NIOAny(token), promise: nil) }
    }

    private func end() {
        if case .closed = pipe {} else { pipe = .none }
        for waiter in waiters { waiter.resume() }
        waiters.removeAll()
    }

    func channelActive(context: ChannelHandlerContext) {
        guard case .opening = pipe else { return context.close(promise: nil) }
        pipe = .open(context)
        if !waiters.isEmpty { sendToken() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        spentByteCount = 0
        waiters.popFirst()?.resume()
        if !waiters.isEmpty { sendToken() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
