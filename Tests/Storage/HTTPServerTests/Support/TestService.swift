// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import StorageTypes

@testable import HTTPServer

/// A service made of closures.
struct TestService: HTTPService {
    var atOnce: @Sendable (HTTPRequest) -> HTTPImmediateResponse? = { _ in nil }
    var answer: @Sendable (HTTPExchange) async throws -> Void = { _ in }

    func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        atOnce(request)
    }

    func respond(to exchange: HTTPExchange) async {
        // A failed exchange has no one left to tell.
        try? await answer(exchange)
    }

    /// `/at-once…` answers its path on the loop; `/slow…` does so through an exchange; `/echo` returns the body;
    /// `/count` says how long it was; `/ignore` answers 403 without reading it; `/nothing` forgets to answer.
    static let standard = TestService(
        atOnce: { request in
            guard request.rawPath.hasPrefix("/at-once") else { return nil }
            return HTTPImmediateResponse(head: HTTPResponseHead(status: 200), body: ByteBuffer(string: request.rawPath))
        },
        answer: { exchange in
            let path = exchange.request.rawPath
            if path.hasPrefix("/slow") || path.hasPrefix("/at-once") {
                // One trip through another task, as the store's answers take.
                await Task.yield()
                try await exchange.respond(HTTPResponseHead(status: 200), body: ByteBuffer(string: path))
            } else if path.hasPrefix("/echo") {
                let body = try await exchange.collectBody(byteCountMax: 1 << 20)
                try await exchange.respond(HTTPResponseHead(status: 200), body: body)
            } else if path.hasPrefix("/count") {
                do {
                    while try await exchange.readBody() != nil {}
                    try await exchange.respond(
                        HTTPResponseHead(status: 200),
                        body: ByteBuffer(string: "\(exchange.bytesReceived)")
                    )
                } catch HTTPExchangeError.malformedBody {
                    try await exchange.respond(HTTPResponseHead(status: 400), body: nil)
                } catch HTTPExchangeError.timedOut {
                    try await exchange.respond(HTTPResponseHead(status: 408), body: nil)
                }
            } else if path.hasPrefix("/ignore") {
                try await exchange.respond(HTTPResponseHead(status: 403), body: ByteBuffer(string: "no"))
            } else if path.hasPrefix("/chunks") {
                try await exchange.start(HTTPResponseHead(status: 200), contentLength: nil)
                for piece in ["one ", "two ", "three"] { try await exchange.write(ByteBuffer(string: piece)) }
                try await exchange.finish()
            } else if path.hasPrefix("/bodyless") {
                try await exchange.respond(
                    HTTPResponseHead(status: Int(path.suffix(3)) ?? 0),
                    body: ByteBuffer(string: "x")
                )
            }
        },
    )
}

struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(seconds: 1_000_000_000) }
}

enum TestServer {
    /// Runs a server on two loops of its own around `body`, and drains it afterwards.
    @discardableResult
    static func with<R: Sendable>(
        _ service: any HTTPService = TestService.standard,
        threads: Int = 2,
        configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (HTTPServer) async throws -> R
    ) async throws -> R {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        var configuration = HTTPServerConfiguration(eventLoopGroup: group)
        configure(&configuration)
        let server = try await HTTPServer.start(
            configuration,
            service: service,
            clock: FixedClock(),
            logger: Logger(label: "test"),
        )
        let result: Result<R, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = await server.run() }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(server))
            } catch {
                result = .failure(error)
            }
            server.beginDrain(grace: .zero)
            await tasks.waitForAll()
            return result
        }
        try await group.shutdownGracefully()
        return try result.get()
    }
}

extension HTTPServer {
    /// The largest of a figure over all open connections, looked at on their loops.
    func largest(_ figure: @escaping @Sendable (HTTPConnection) -> Int) async throws -> Int {
        var largest = 0
        for loop in loops {
            largest = max(
                largest,
                try await loop.eventLoop.submit { loop.openConnections.map(figure).max() ?? 0 }.get()
            )
        }
        return largest
    }
}
