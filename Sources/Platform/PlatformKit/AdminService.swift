// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
import Synchronization

/// Answers `/healthz`, `/readyz` and `/metrics` for every role of the process.
package final class AdminService: HTTPService {
    /// Appends its families to the page; called on an event loop, so it only reads counters.
    package typealias MetricsSource = @Sendable (inout PrometheusText) -> Void

    private let isReady: @Sendable () -> Bool
    private let sources: [MetricsSource]
    private let draining = Atomic(false)

    package init(isReady: @escaping @Sendable () -> Bool, sources: [MetricsSource]) {
        self.isReady = isReady
        self.sources = sources
    }

    /// From now on the process is alive but wants no new work.
    package func beginDrain() {
        draining.store(true, ordering: .relaxed)
    }

    package func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        guard request.method == .get || request.method == .head else {
            return Self.text(405, "method not allowed\n")
        }
        switch request.rawPath {
        case "/healthz": return Self.text(200, "ok\n")
        case "/readyz":
            if draining.load(ordering: .relaxed) { return Self.text(503, "draining\n") }
            return isReady() ? Self.text(200, "ready\n") : Self.text(503, "the store refuses writes\n")
        case "/metrics":
            var page = PrometheusText()
            ProcessMetrics.now().append(to: &page)
            for source in sources { source(&page) }
            return Self.text(200, page.text, type: "text/plain; version=0.0.4; charset=utf-8")
        default: return Self.text(404, "not found; there are /healthz, /readyz and /metrics\n")
        }
    }

    package func respond(to exchange: HTTPExchange) async {
        guard let answer = respondAtOnce(to: exchange.request) else { return }
        // A peer that has gone needs no answer.
        try? await exchange.respond(answer.head, body: answer.body)
    }

    private static func text(
        _ status: Int,
        _ text: String,
        type: String = "text/plain; charset=utf-8"
    ) -> HTTPImmediateResponse {
        var head = HTTPResponseHead(status: status)
        head.add("Content-Type", type)
        return HTTPImmediateResponse(head: head, body: ByteBuffer(string: text))
    }
}
