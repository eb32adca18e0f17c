// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOCore
package import StorageTypes

/// A listener and its connections.
package final class HTTPServer: Sendable {
    /// The address and port it listens on.
    package let address: String
    package let port: Int

    init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    /// Binds and begins to accept. Requests that need `respond(to:)` wait until `run` is called.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        service: any HTTPService,
        clock: any WallClock,
        logger: Logger
    ) async throws(HTTPServerError) -> HTTPServer {
        throw .cannotListen("not written yet")
    }

    /// Serves until drained. Cancelling the task cuts everything.
    package func run() async -> HTTPDrainResult {
        HTTPDrainResult()
    }

    /// Begins to drain and returns at once; `run` returns when it is done. May be called from anywhere.
    package func beginDrain(grace: Duration) {}

    /// Stops accepting, closes idle connections at once, lets active exchanges finish with `Connection: close`, cuts
    /// what is left after `grace`; returns when no connection is left.
    package func drain(grace: Duration) async -> HTTPDrainResult {
        HTTPDrainResult()
    }

    /// Connections open now.
    package var connectionCount: Int { 0 }
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
