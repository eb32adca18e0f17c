// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct HangUpTests {
        private enum Event: Equatable {
            case began, cancelled, failed
        }

        /// A service whose work ends only when it is cancelled, and what becomes of that work.
        private static func endless() -> (service: TestService, events: AsyncStream<Event>) {
            let (events, report) = AsyncStream.makeStream(of: Event.self)
            let service = TestService(answer: { exchange in
                do {
                    try await exchange.whilePeerWaits {
                        report.yield(.began)
                        do {
                            try await Task.sleep(for: .seconds(3_600))
                        } catch {
                            report.yield(.cancelled)
                            throw error
                        }
                    }
                } catch {
                    report.yield(.failed)
                }
            })
            return (service, events)
        }

        @Test(.timeLimit(.minutes(1)), arguments: [true, false])
        func `work for a peer that hangs up is cancelled`(closesBothSides: Bool) async throws {
            let (service, events) = Self.endless()
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                    #expect(await events.first { _ in true } == .began)
                    if closesBothSides { try await client.channel.close().get() } else { client.outbound.finish() }
                    #expect(await events.first { _ in true } == .cancelled)
                    #expect(await events.first { _ in true } == .failed)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `work for a peer that has hung up already is cancelled`() async throws {
            let (service, events) = Self.endless()
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                    client.outbound.finish()
                    #expect(await events.first { _ in true } == .began)
                    #expect(await events.first { _ in true } == .cancelled)
                }
            }
        }

        @Test func `a peer that waits gets the result, or the failure, and the connection stays`() async throws {
            struct Failure: Error {}
            let service = TestService(answer: { exchange in
                let fails = exchange.request.rawPath == "/fail"
                let status: Int
                do {
                    status = try await exchange.whilePeerWaits {
                        await Task.yield()
                        if fails { throw Failure() }
                        return 201
                    }
                } catch is Failure {
                    status = 500
                }
                try await exchange.respond(HTTPResponseHead(status: status), body: nil)
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    for path in ["/", "/fail", "/"] {
                        try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                        #expect(try await client.readAnswer().status == (path == "/" ? 201 : 500))
                    }
                }
            }
        }
    }
}
