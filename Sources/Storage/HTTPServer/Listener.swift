// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Binds the accepting channel and sets up each connection's pipeline.
enum Listener {
    static func bind(
        _ configuration: HTTPServerConfiguration,
        loops: [HTTPLoop],
        logger: Logger
    ) async throws(HTTPServerError) -> any Channel {
        let byLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        let highMark = configuration.writeBufferByteCountMax
        let bootstrap = ServerBootstrap(group: configuration.eventLoopGroup)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read a turn: what a connection may hold is then its limit and one read.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: highMark / 4, high: highMark))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = byLoop[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.eof }
                    try setUp(channel, loop, configuration)
                }
            }
        do {
            return try await bootstrap.bind(host: configuration.address, port: configuration.port).get()
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw .cannotListen("\(configuration.address) port \(configuration.port): \(reason)")
        }
    }

    private static func setUp(
        _ channel: any Channel,
        _ loop: HTTPLoop,
        _ configuration: HTTPServerConfiguration
    ) throws {
        let connection = HTTPConnection(loop)
        try channel.syncOptions?.setOption(.recvAllocator, value: ReceiveAllocator(connection: connection))
        if let tls = configuration.tls {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
        }
        try channel.pipeline.syncOperations.addHandler(connection)
    }
}

/// Stops accepting for a moment when the system has no descriptor or memory left for a connection; without it the loop
/// would spin on the same error.
final class AcceptPause: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = any Channel
    typealias OutboundOut = any Channel

    static let pause = TimeAmount.milliseconds(100)

    private let logger: Logger
    private var isPaused = false
    private var isReadHeld = false

    init(_ logger: Logger) {
        self.logger = logger
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.warning("accepting a connection failed", metadata: ["error": "\(error)"])
        guard !isPaused else { return }
        isPaused = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            guard self.isReadHeld else { return }
            self.isReadHeld = false
            context.read()
        }
    }
}
