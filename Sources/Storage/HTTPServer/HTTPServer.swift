// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOCore
package import StorageTypes
import Synchronization

/// A listener and its connections.
///
/// Its pieces: an accepting channel; per event loop of the group an `HTTPLoop`; per connection an `HTTPConnection` at
/// the end of the channel's pipeline (behind TLS, if any). `run` holds the task group below which every service call
/// runs, on the event loop of its connection.
package final class HTTPServer: Sendable {
    /// The address and port it listens on.
    package let address: String
    package let port: Int
    private let listener: any Channel
    let loops: [HTTPLoop]
    private let state: HTTPServerState

    init(listener: any Channel, loops: [HTTPLoop], state: HTTPServerState) {
        self.listener = listener
        self.loops = loops
        self.state = state
        self.address = listener.localAddress?.ipAddress ?? ""
        self.port = listener.localAddress?.port ?? 0
    }

    /// Binds and begins to accept. Requests that need `respond(to:)` wait until `run` is called.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        service: any HTTPService,
        clock: any WallClock,
        logger: Logger
    ) async throws(HTTPServerError) -> HTTPServer {
        let state = HTTPServerState()
        let loops = configuration.eventLoopGroup.makeIterator().map { eventLoop in
            HTTPLoop(
                eventLoop: eventLoop,
                service: service,
                configuration: configuration,
                clock: clock,
                logger: logger,
                server: state,
            )
        }
        let listener = try await Listener.bind(configuration, loops: loops, logger: logger)
        return HTTPServer(listener: listener, loops: loops, state: state)
    }

    /// Serves until drained, and until the services have returned. Cancelling the task cuts everything.
    package func run() async -> HTTPDrainResult {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for loop in loops {
                    group.addTask(executorPreference: loop.executor) { await loop.dispatch() }
                }
            }
            return await result()
        } onCancel: {
            beginDrain(grace: .zero)
        }
    }

    /// Begins to drain and returns at once; `run` returns when it is done. May be called from anywhere, and again to
    /// shorten the grace time.
    package func beginDrain(grace: Duration) {
        let amount = TimeAmount(grace)
        listener.close(promise: nil)
        for loop in loops {
            loop.eventLoop.execute { loop.beginDrain(grace: amount) }
        }
    }

    /// Stops accepting, closes idle connections at once, lets active exchanges finish with `Connection: close`, cuts
    /// what is left after `grace`; returns when no connection is left.
    package func drain(grace: Duration) async -> HTTPDrainResult {
        beginDrain(grace: grace)
        return await result()
    }

    /// Connections open now.
    package var connectionCount: Int { state.connectionCount.load(ordering: .relaxed) }

    private func result() async -> HTTPDrainResult {
        var sum = HTTPDrainResult()
        for loop in loops {
            // The promise is only ever succeeded.
            guard let part = try? await loop.drained.futureResult.get() else { continue }
            sum.idleCount += part.idleCount
            sum.finishedCount += part.finishedCount
            sum.cutCount += part.cutCount
        }
        return sum
    }
}

/// What became of the connections that were open when draining began.
package struct HTTPDrainResult: Sendable, Hashable {
    /// Had nothing to do and were closed.
    package var idleCount = 0
    /// Ended their exchange within the grace time.
    package var finishedCount = 0
    /// Were cut in the middle of one.
    package var cutCount = 0

    package init() {}
}

/// Why a listener could not be started.
package enum HTTPServerError: Error, Sendable, Hashable {
    /// The address can't be bound; holds what was tried and the system's reason.
    case cannotListen(String)
}
