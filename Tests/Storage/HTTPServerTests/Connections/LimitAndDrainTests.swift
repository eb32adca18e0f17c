// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct LimitAndDrainTests {
        static let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test func `above the limit a connection is told to come back`() async throws {
            try await TestServer.with(configure: { $0.connectionCountMax = 2 }) { server in
                try await RawClient.with(port: server.port) { first in
                    try await first.send(Self.request)
                    #expect(try await first.readAnswer().status == 200)
                    try await RawClient.with(port: server.port) { second in
                        try await second.send(Self.request)
                        #expect(try await second.readAnswer().status == 200)
                        try await RawClient.with(port: server.port) { third in
                            let answer = try await third.readAnswer()
                            #expect(answer.status == 503)
                            #expect(answer.headers["retry-after"] == "1")
                            #expect(answer.headers["connection"] == "close")
                            #expect(await third.isAtEnd())
                        }
                    }
                    while server.connectionCount > 1 { try await Task.sleep(for: .milliseconds(5)) }
                    try await RawClient.with(port: server.port) { fourth in
                        try await fourth.send(Self.request)
                        #expect(try await fourth.readAnswer().status == 200)
                    }
                }
            }
        }

        @Test func `a thousand connections are served`() async throws {
            try await TestServer.with { server in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            try await RawClient.with(port: server.port) { client in
                                let path = number.isMultiple(of: 2) ? "/slow-\(number)" : "/at-once-\(number)"
                                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                                #expect(try await client.readAnswer().text == path)
                                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                                #expect(try await client.readAnswer().text == path)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
        }

        @Test func `draining lets requests finish and closes what is idle`() async throws {
            let isReleased = Mutex(false)
            let startedCount = Mutex(0)
            let service = TestService(
                atOnce: { request in
                    request.rawPath == "/" ? HTTPImmediateResponse(head: HTTPResponseHead(status: 200)) : nil
                },
                answer: { exchange in
                    startedCount.withLock { $0 += 1 }
                    while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                    try await exchange.respond(HTTPResponseHead(status: 200), body: ByteBuffer(string: "done"))
                },
            )
            try await TestServer.with(service) { server in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 {
                        group.addTask {
                            try await RawClient.with(port: server.port) { client in
                                try await client.send(Self.request)
                                let answer = try await client.readAnswer()
                                #expect(answer.text == "done")
                                #expect(answer.headers["connection"] == "close")
                                #expect(await client.isAtEnd())
                            }
                        }
                        group.addTask {
                            try await RawClient.with(port: server.port) { client in
                                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                                #expect(try await client.readAnswer().status == 200)
                                #expect(await client.isAtEnd())
                            }
                        }
                    }
                    while startedCount.withLock({ $0 }) < 10 || server.connectionCount < 20 {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    try await Task.sleep(for: .milliseconds(50))
                    async let drained = server.drain(grace: .seconds(30))
                    while server.connectionCount > 10 { try await Task.sleep(for: .milliseconds(5)) }
                    await #expect(throws: (any Error).self) {
                        try await RawClient.with(port: server.port) { _ in }
                    }
                    isReleased.withLock { $0 = true }
                    var expected = HTTPDrainResult()
                    expected.idleCount = 10
                    expected.finishedCount = 10
                    #expect(await drained == expected)
                    try await group.waitForAll()
                }
            }
        }

        @Test func `what is not done after the grace time is cut`() async throws {
            let seen = Mutex<HTTPExchangeError?>(nil)
            let service = TestService(answer: { exchange in
                do throws(HTTPExchangeError) {
                    _ = try await exchange.readBody()
                    _ = try await exchange.readBody()
                } catch {
                    seen.withLock { $0 = error }
                }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
                    try await Task.sleep(for: .milliseconds(100))
                    let result = await server.drain(grace: .milliseconds(100))
                    #expect(result.cutCount == 1)
                    #expect(await client.readToEnd() == "")
                }
            }
            #expect(seen.withLock { $0 } == .disconnected)
        }

        @Test func `draining under load cuts no request that was begun`() async throws {
            try await TestServer.with { server in
                let broken = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            try await RawClient.with(port: server.port) { client in
                                while true {
                                    do {
                                        try await client.send(Self.request)
                                    } catch {
                                        return 0
                                    }
                                    // Nothing at all is a connection that closed while it was idle; a part would be a
                                    // cut.
                                    let first = try? await client.readLine()
                                    guard first != nil else { return 0 }
                                    var isClosing = false
                                    while let line = try? await client.readLine(), line != "" {
                                        isClosing = isClosing || line == "Connection: close"
                                    }
                                    guard (try? await client.read(5)) == ByteBuffer(string: "/slow") else { return 1 }
                                    if isClosing { return 0 }
                                }
                            }
                        }
                    }
                    while server.connectionCount < 16 { try await Task.sleep(for: .milliseconds(5)) }
                    try await Task.sleep(for: .milliseconds(150))
                    let result = await server.drain(grace: .seconds(20))
                    #expect(result.cutCount == 0)
                    return try await group.reduce(0, +)
                }
                #expect(broken == 0)
            }
        }

        @Test func `cancelling cuts everything`() async throws {
            let isCancelled = Mutex(false)
            let service = TestService(answer: { exchange in
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(30)) }
                isCancelled.withLock { $0 = true }
            })
            try await TestServer.with(service) { server in
                try await RawClient.with(port: server.port) { client in
                    try await client.send(Self.request)
                    try await Task.sleep(for: .milliseconds(50))
                    server.beginDrain(grace: .zero)
                    #expect(await client.readToEnd() == "")
                }
            }
            #expect(isCancelled.withLock { $0 })
        }
    }
}
