// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import StorageTypes
import Synchronization

/// What all loops of a listener share.
final class HTTPServerState: Sendable {
    let connectionCount = Atomic<Int>(0)
}

/// What the connections of one event loop share: spare buffers, the clock's text, deadlines, the tasks of slow
/// requests.
///
/// Requests that `respondAtOnce` answers need no task. The first other one of a connection asks `dispatch` for a task,
/// which then serves this connection's exchanges, one after another, until it closes. So each task is a child of the
/// group in `HTTPServer.run`, and connections that only ever take the fast path cost none.
///
/// Deadlines cost nothing per request: a sweep every few seconds counts `tick` up, a connection notes the tick after
/// which it has waited too long, and the sweep looks. No sweep runs without connections.
///
/// Unchecked because everything mutable is only touched on `eventLoop`.
final class HTTPLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let executor: LoopTaskExecutor
    let service: any HTTPService
    let configuration: HTTPServerConfiguration
    let limits: TickLimits
    let logger: Logger
    let server: HTTPServerState
    let turns: LoopTurns
    private let clock: any WallClock
    private var dateLine = DateLine()

    private(set) var tick = 0
    private var sweep: Scheduled<Void>?
    private var connections: [HTTPConnection] = []

    // Drain (HTTPLoop+Drain).
    var isDraining = false
    var wasCut = false
    var drainResult = HTTPDrainResult()
    var openAtDrainCount = 0
    var cutTimer: Scheduled<Void>?
    let drained: EventLoopPromise<HTTPDrainResult>

    // Tasks (HTTPLoop+Dispatch).
    var unserved: [HTTPConnection] = []
    var dispatcher: UnsafeContinuation<Void, Never>?
    var isFinished = false

    // One spare of each: a buffer is only borrowed while the loop works for one connection.
    private var spareOutput = ByteBuffer()
    private var spareInput = ByteBuffer()
    static let spareByteCount = 16 << 10
    private static let spareByteCountMax = 128 << 10

    init(
        eventLoop: any EventLoop,
        service: any HTTPService,
        configuration: HTTPServerConfiguration,
        clock: any WallClock,
        logger: Logger,
        server: HTTPServerState
    ) {
        self.eventLoop = eventLoop
        self.executor = LoopTaskExecutor(eventLoop)
        self.service = service
        self.configuration = configuration
        self.limits = TickLimits(configuration)
        self.clock = clock
        self.logger = logger
        self.server = server
        self.turns = LoopTurns(eventLoop, byteCountMax: configuration.turnByteCountMax)
        self.drained = eventLoop.makePromise(of: HTTPDrainResult.self)
    }

    deinit {
        // Never drained, for instance because the listener could not bind.
        if !isFinished { drained.succeed(drainResult) }
    }

    func currentDateLine() -> [UInt8] {
        dateLine.current(clock)
    }

    var openConnections: [HTTPConnection] { connections }

    func add(_ connection: HTTPConnection) {
        connection.slot = connections.count
        connections.append(connection)
        server.connectionCount.add(1, ordering: .relaxed)
        scheduleSweep()
    }

    func remove(_ connection: HTTPConnection) {
        let slot = connection.slot
        guard slot >= 0 else { return }
        connection.slot = -1
        let last = connections.removeLast()
        if last !== connection {
            connections[slot] = last
            last.slot = slot
        }
        server.connectionCount.subtract(1, ordering: .relaxed)
        if connections.isEmpty { finishDrainIfDone() }
    }

    private func scheduleSweep() {
        guard sweep == nil, !connections.isEmpty else { return }
        sweep = eventLoop.scheduleTask(in: limits.interval) {
            self.sweep = nil
            self.tick += 1
            for connection in self.connections { connection.checkDeadline() }
            self.scheduleSweep()
        }
    }
}

// MARK: Spare buffers

extension HTTPLoop {
    /// An empty buffer for answers; a fresh one when the spare is still on its way to a socket.
    func takeOutput() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &spareOutput)
        buffer.clear(minimumCapacity: Self.spareByteCount)
        return buffer
    }

    func giveBackOutput(_ buffer: consuming ByteBuffer) {
        if buffer.capacity <= Self.spareByteCountMax { spareOutput = buffer }
    }

    func takeInput() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &spareInput)
        buffer.clear(minimumCapacity: Self.spareByteCount)
        return buffer
    }

    func giveBackInput(_ buffer: consuming ByteBuffer) {
        if buffer.capacity == Self.spareByteCount { spareInput = buffer }
    }
}
