// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import StorageTypes
import Testing

@testable import S3Server

@Suite struct ObservabilityTests {
    @Test func `each request leaves one line that tells what happened and no secret`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let get = try await server.get("/box/key")
            let presigned = try await server.send(TestRequest("GET", "/box/key", signing: .query(expires: "60")))
            #expect(presigned.status == 200)
            let missing = try await server.get("/box/none")
            #expect(missing.status == 404)

            let entries = server.log.entries.filter { $0.message == "request" }
            #expect(entries.count == 5)
            let line = try #require(
                entries.first { $0.metadata["request-id"] == .string(get.header("x-amz-request-id") ?? "") }
            )
            #expect(line.metadata["operation"] == "GetObject")
            #expect(line.metadata["bucket"] == "box")
            #expect(line.metadata["key"] == "key")
            #expect(line.metadata["status"]?.description == "200")
            #expect(line.metadata["bytes-out"]?.description == "5")
            #expect(line.metadata["access-key"] == .string(TestServer.accessKey))
            #expect(line.metadata["duration-us"] != nil)
            #expect(entries.last?.metadata["code"] == "NoSuchKey")
            for entry in entries {
                let text = "\(entry.message) \(entry.metadata)"
                for secret in [TestServer.secretKey, "Signature", "AWS4-HMAC", "X-Amz"] {
                    #expect(!text.contains(secret), "\(text)")
                }
            }
        }
    }

    @Test func `requests are counted by operation and outcome`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            _ = try await server.get("/box/key")
            _ = try await server.get("/box/none")
            _ = try await server.send(raw: Array("rubbish\r\n\r\n".utf8))
            let counts = Dictionary(uniqueKeysWithValues: server.metrics.snapshot().map { ($0.operation, $0.counts) })
            let get = try #require(counts[.getObject])
            #expect(get.answers == [0, 0, 1, 0, 1, 0])
            #expect(get.bytesSent > 5)
            #expect(get.durations.reduce(0, +) == 2)
            #expect(counts[.putObject]?.bytesReceived == 5)
            #expect(counts[.createBucket]?.requests == 1)
            #expect(counts[.unknown]?.answers[4] == 1)
        }
    }

    @Test func `durations fall into the bucket that bounds them`() {
        let metrics = S3Metrics()
        for nanoseconds: UInt64 in [0, 500_000, 500_001, 20_000_000_000] {
            metrics.record(.getObject, status: 200, bytesReceived: 1, bytesSent: 2, nanoseconds: nanoseconds)
        }
        let counts = metrics.snapshot()[0].counts
        #expect(counts.durations.first == 2)
        #expect(counts.durations[1] == 1)
        #expect(counts.durations.last == 1)
        #expect(counts.bytesReceived == 4)
        #expect(counts.bytesSent == 8)
        #expect(counts.durationNanoseconds == 20_001_000_001)
    }

    @Test func `request ids do not repeat`() {
        let identifiers = RequestIdentifiers(random: SystemRandomSource())
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            let id = identifiers.next()
            #expect(id.utf8.count == 16)
            seen.insert(id)
        }
        #expect(seen.count == 10_000)
        #expect(identifiers.host.utf8.count == 32)
    }

    @Test func `an operation's name is its own`() {
        let names = S3Operation.allCases.map(\.name)
        #expect(Set(names).count == names.count)
    }
}
