// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

extension SocketTests {
    @Suite struct LoopTurnTests {
        /// What happened on the only loop.
        private final class Steps: Sendable {
            let isStreaming = Atomic(false)
            let isAsked = Atomic(false)
            let hasAnswered = Atomic(false)
            let hasAnsweredBeforeTheEnd = Atomic(false)
        }

        private func service(_ steps: Steps) -> TestService {
            TestService(
                atOnce: { request in
                    guard request.rawPath != "/stream" else { return nil }
                    if request.rawPath == "/other" { steps.hasAnswered.store(true, ordering: .relaxed) }
                    return HTTPImmediateResponse(head: HTTPResponseHead(status: 200), body: nil)
                },
                answer: { exchange in
                    try await exchange.start(HTTPResponseHead(status: 200), contentLength: 64 << 10)
                    steps.isStreaming.store(true, ordering: .releasing)
                    // The loop is held until the other request is in its socket.
                    while !steps.isAsked.load(ordering: .acquiring) {}
                    // Less than what has to wait for its client.
                    for _ in 0..<64 { try await exchange.write(ByteBuffer(repeating: 0, count: 1 << 10)) }
                    steps.hasAnsweredBeforeTheEnd.store(steps.hasAnswered.load(ordering: .relaxed), ordering: .relaxed)
                    try await exchange.finish()
                },
            )
        }

        private func answersWhileStreaming(turnByteCountMax: Int) async throws -> Bool {
            let steps = Steps()
            try await TestServer.with(
                service(steps),
                threads: 1,
                configure: { $0.turnByteCountMax = turnByteCountMax },
            ) { server in
                try await RawClient.with(port: server.port) { other in
                    // Now it is accepted.
                    try await other.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await other.readAnswer().status == 200)
                    try await RawClient.with(port: server.port) { stream in
                        try await stream.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
                        while !steps.isStreaming.load(ordering: .acquiring) {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        try await other.channel.writeAndFlush(
                            ByteBuffer(string: "GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
                        )
                        steps.isAsked.store(true, ordering: .releasing)
                        #expect(try await stream.readAnswer().body.readableBytes == 64 << 10)
                    }
                    #expect(try await other.readAnswer().status == 200)
                }
            }
            return steps.hasAnsweredBeforeTheEnd.load(ordering: .relaxed)
        }

        @Test func `a loop looks at its other connections while it streams`() async throws {
            #expect(try await answersWhileStreaming(turnByteCountMax: 8 << 10))
            #expect(try await !answersWhileStreaming(turnByteCountMax: 1 << 20), "nothing else makes it look")
        }

        @Test func `a loop that found no descriptors for its pipe tries again`() async throws {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let executor = LoopTaskExecutor(group.next())
            let attemptCount = Atomic(0)
            await withTaskExecutorPreference(executor) {
                let turns = LoopTurns(executor.eventLoop, byteCountMax: 1) {
                    attemptCount.add(1, ordering: .relaxed).newValue == 1 ? nil : LoopTurns.makePipe()
                }
                for expected in [1, 2, 2] {
                    // Nobody waits for a pipe that is not there.
                    await turns.spend(1)
                    #expect(attemptCount.load(ordering: .relaxed) == expected)
                }
                turns.close()
            }
            try await group.shutdownGracefully()
        }
    }
}
