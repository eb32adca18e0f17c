// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import HTTPServer
import NIOCore
import StorageTypes
import Synchronization

/// Answers `/healthz`, `/readyz` and `/metrics` for every role of the process, and `/v1/VERB` for the command line.
package final class AdminService: HTTPService {
    private let isReady: @Sendable () -> Bool
    private let metrics: @Sendable () async -> PrometheusText
    private let verbs: [String: AdminVerb]
    private let token: AdminToken
    private let draining = Atomic(false)

    /// - Parameters:
    ///   - isReady: called on event loops: it must not block.
    ///   - metrics: the page, which takes long on a store of many packs and buckets: not to be made on an event loop.
    package init(
        isReady: @escaping @Sendable () -> Bool,
        metrics: @escaping @Sendable () async -> PrometheusText,
        verbs: [AdminVerb],
        token: AdminToken
    ) {
        self.isReady = isReady
        self.metrics = metrics
        self.verbs = Dictionary(uniqueKeysWithValues: verbs.map { ($0.name, $0) })
        self.token = token
    }

    /// From now on the process is alive but wants no new work.
    package func beginDrain() {
        draining.store(true, ordering: .relaxed)
    }

    package func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        if request.rawPath.hasPrefix("/v1/") { return nil }
        guard request.method == .get || request.method == .head else {
            return Self.text(405, "method not allowed\n")
        }
        switch request.rawPath {
        case "/metrics": return nil
        case "/healthz": return Self.text(200, "ok\n")
        case "/readyz":
            if draining.load(ordering: .relaxed) { return Self.text(503, "draining\n") }
            return isReady() ? Self.text(200, "ready\n") : Self.text(503, "the store refuses writes\n")
        default: return Self.text(404, "not found; there are /healthz, /readyz and /metrics\n")
        }
    }

    package func respond(to exchange: HTTPExchange) async {
        let request = exchange.request
        let answer: HTTPImmediateResponse
        if let immediate = respondAtOnce(to: request) {
            answer = immediate
        } else if request.rawPath == "/metrics" {
            answer = Self.text(200, await metrics().text, type: "text/plain; version=0.0.4; charset=utf-8")
        } else {
            answer = await perform(exchange)
        }
        // A peer that has gone needs no answer.
        try? await exchange.respond(answer.head, body: answer.body)
    }

    private func perform(_ exchange: HTTPExchange) async -> HTTPImmediateResponse {
        let request = exchange.request
        guard token.matches(request.headers.first("authorization")) else {
            return Self.problem(401, "this needs the token of the data directory")
        }
        guard let verb = verbs[String(request.rawPath.dropFirst(4))] else { return Self.problem(404, "no such verb") }
        guard request.method == .post else { return Self.problem(405, "verbs are posted") }
        do {
            let values = Self.values(request.rawQuery ?? "")
            // Its result is for this client alone, and it keeps others of its kind away.
            let document = try await exchange.whilePeerWaits { try await verb.run(values) }
            return Self.json(200, document)
        } catch let error as StoreError {
            return Self.problem(error.code == .slowDown ? 409 : 500, "\(error)")
        } catch {
            return Self.problem(500, "\(error)")
        }
    }

    /// The values that the command line sends need no encoding.
    private static func values(_ query: String) -> [String: String] {
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        return values
    }

    private static func problem(_ status: Int, _ text: String) -> HTTPImmediateResponse {
        json(status, (try? JSONEncoder().encode(AdminProblem(error: text))) ?? Data())
    }

    private static func json(_ status: Int, _ document: Data) -> HTTPImmediateResponse {
        var head = HTTPResponseHead(status: status)
        head.add("Content-Type", "application/json")
        return HTTPImmediateResponse(head: head, body: ByteBuffer(bytes: document))
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

/// The document of a verb that failed.
struct AdminProblem: Codable {
    var error: String
}
