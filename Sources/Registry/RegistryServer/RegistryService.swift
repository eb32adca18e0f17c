// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
import NIOCore
import OCIModel
package import RegistryStore
package import StorageTypes

/// The distribution API over a registry store: routes, authentication, answers (`spec/registry.md` §1).
package struct RegistryService<Store: ObjectStoring>: HTTPService {
    let store: RegistryStore<Store>
    let credentials: BasicCredentials
    let clock: any WallClock
    let random: any RandomSource
    let metrics: RegistryMetrics
    let logger: Logger

    package init(
        store: RegistryStore<Store>,
        credentials: BasicCredentials,
        clock: any WallClock,
        random: any RandomSource,
        metrics: RegistryMetrics = RegistryMetrics(),
        logger: Logger
    ) {
        self.store = store
        self.credentials = credentials
        self.clock = clock
        self.random = random
        self.metrics = metrics
        self.logger = logger
    }

    package func respond(to exchange: HTTPExchange) async {
        let started = clock.now()
        let request = exchange.request
        var answer: Answer
        do {
            try authenticate(request)
            answer = try await self.answer(exchange)
        } catch {
            answer = refusal(error, of: request)
        }
        let requestID = finish(&answer)
        var sent = true
        do {
            try await send(answer, through: exchange)
        } catch {
            sent = false
            logger.debug("answer not sent", metadata: ["request": "\(requestID)", "reason": "\(error)"])
        }
        log(
            request,
            answer.head.status,
            requestID,
            started,
            received: exchange.bytesReceived,
            sent: exchange.bytesSent,
            isCut: !sent,
        )
    }

    /// Credentials come before everything else, so that nothing is revealed without them, not even what exists.
    func authenticate(_ request: HTTPRequest) throws(RegistryError) {
        guard request.rawPath == "/v2" || request.rawPath.hasPrefix("/v2/") else {
            throw RegistryError(.unsupported, "no such endpoint", detail: request.rawPath, status: 404)
        }
        guard credentials.user(request.headers.first("authorization")) != nil else {
            throw RegistryError(.unauthorized)
        }
    }

    private func answer(_ exchange: HTTPExchange) async throws(RegistryError) -> Answer {
        let request = exchange.request
        let route = try Route(rawPath: request.rawPath)
        let query = RequestQuery(request.rawQuery)
        switch (route, request.method) {
        case (.ping, .get), (.ping, .head): return Answer(200, json: Array("{}".utf8))
        case (.catalog, .get), (.catalog, .head): return try await catalog(query)
        case (.tags(let name), .get), (.tags(let name), .head): return try await tags(name, query)
        case (.referrers(let name, let digest), .get), (.referrers(let name, let digest), .head):
            return try await referrers(name, digest, query)
        case (.blob(let name, let digest), .get), (.blob(let name, let digest), .head):
            return try await blob(name, digest, request)
        case (.blob(let name, let digest), .delete): return try await deleteBlob(name, digest)
        case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
            return try await manifest(name, reference, request)
        case (.manifest(let name, let reference), .put): return try await putManifest(name, reference, query, exchange)
        case (.manifest(let name, let reference), .delete): return try await deleteManifest(name, reference, query)
        case (.uploads(let name), .post): return try await startUpload(name, query, exchange)
        case (.upload(let name, let id), .get), (.upload(let name, let id), .head):
            return try await uploadStatus(name, id)
        case (.upload(let name, let id), .patch): return try await patchUpload(name, id, exchange)
        case (.upload(let name, let id), .put): return try await finishUpload(name, id, query, exchange)
        case (.upload(let name, let id), .delete):
            try await store.cancelUpload(id, in: name)
            return Answer(204)
        default:
            var answer = Answer(RegistryError(.unsupported), isHead: request.method == .head)
            answer.head.add("Allow", route.allowedMethods)
            return answer
        }
    }

    /// The answer to a request that is refused.
    func refusal(_ error: RegistryError, of request: HTTPRequest) -> Answer {
        var answer = Answer(error, isHead: request.method == .head)
        if error.status == 401 { answer.head.add("WWW-Authenticate", "Basic realm=\"drydock\"") }
        if error.status >= 500 {
            logger.error(
                "request failed",
                metadata: ["path": "\(request.rawPath)", "reason": "\(error.diagnosis ?? "")"]
            )
        }
        return answer
    }

    /// Adds what every answer carries. - Returns: the request's id.
    func finish(_ answer: inout Answer) -> String {
        let requestID = Hex.encode(
            withUnsafeBytes(of: random.next().bigEndian) { Array($0) }
        )
        answer.head.add("Docker-Distribution-Api-Version", "registry/2.0")
        answer.head.add("X-Content-Type-Options", "nosniff")
        answer.head.add("X-Request-Id", requestID)
        return requestID
    }

    private func send(_ answer: Answer, through exchange: HTTPExchange) async throws(HTTPExchangeError) {
        switch answer.content {
        case .none:
            let hasLength = answer.head.status != 204 && answer.head.status != 304
            if hasLength {
                try await exchange.respond(answer.head, body: nil)
            } else {
                try await exchange.respondHead(answer.head, contentLength: nil)
            }
        case .bytes(let bytes):
            try await exchange.respond(answer.head, body: bytes)
        case .announced(let count):
            try await exchange.respondHead(answer.head, contentLength: count)
        case .blob(let content):
            try await send(content, answer.head, through: exchange)
        }
    }

    private func send(
        _ content: BlobContent,
        _ head: HTTPResponseHead,
        through exchange: HTTPExchange
    ) async throws(HTTPExchangeError) {
        if content.parts.count == 1, content.suffix == nil, let only = content.parts.first, only.prefix == nil,
            let bytes = only.range.isEmpty ? ByteBuffer() : content.object.readIfCached(only.range)
        {
            return try await exchange.respond(head, body: bytes)
        }
        try await exchange.start(head, contentLength: content.byteCount)
        for part in content.parts {
            if let prefix = part.prefix { try await exchange.write(prefix) }
            guard !part.range.isEmpty else { continue }
            let body = content.object.read(part.range)
            while true {
                let piece: ByteBuffer?
                do {
                    piece = try await body.next()
                } catch {
                    // The head with the whole length is out: a cut connection is the only way to say so.
                    logger.error("blob can't be read", metadata: ["reason": "\(error)"])
                    exchange.abort()
                    throw .disconnected
                }
                guard let piece else { break }
                try await exchange.write(piece)
            }
        }
        if let suffix = content.suffix { try await exchange.write(suffix) }
        try await exchange.finish()
    }

    func log(
        _ request: HTTPRequest,
        _ status: Int,
        _ requestID: String,
        _ started: Timestamp,
        received: UInt64,
        sent: UInt64,
        isCut: Bool
    ) {
        let nanoseconds = UInt64(max(0, clock.now().nanoseconds - started.nanoseconds))
        metrics.record(request, status: status, received: received, sent: sent, nanoseconds: nanoseconds, isCut: isCut)
        guard logger.logLevel <= .info else { return }
        logger.info(
            "request",
            metadata: [
                "request": "\(requestID)",
                "method": "\(request.methodName)",
                "path": "\(request.rawPath)",
                "status": "\(status)",
                "received": "\(received)",
                "sent": "\(sent)",
                "microseconds": "\(nanoseconds / 1_000)",
                "peer": "\(request.remoteAddress)",
                "cut": "\(isCut)",
            ]
        )
    }
}
