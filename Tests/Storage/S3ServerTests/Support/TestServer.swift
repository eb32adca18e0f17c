// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Glibc
import HTTPServer
import Logging
import NIOCore
import NIOPosix
import ObjectStore
import S3Protocol
import S3Server
import StorageTestSupport
import StorageTypes
import Testing

/// A listening S3 service on a free port of the loopback interface.
struct TestServer: Sendable {
    static let ownerID = "123456789012"
    static let accessKey = "AKIAROOTROOTROOTROOT"
    static let secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    let port: Int
    let metrics: S3Metrics
    let log: LogCapture

    /// Runs `body` against a fresh, empty store in memory.
    static func with(
        _ change: (inout S3ServiceConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let store = try emptyStore()
        do {
            try await with(store: store, change, body)
        } catch {
            await store.shutdown()
            throw error
        }
        await store.shutdown()
    }

    static func emptyStore() throws -> ObjectStore {
        let machine = SimulatedMachine(seed: 1)
        return try ObjectStore.open(
            ObjectStoreConfiguration(dataDirectory: SimulatedMachine.dataDirectory),
            fileSystem: machine.fileSystem,
            metadata: machine.openMetadata(),
            workers: WorkerPool(threadCount: 2),
            clock: TestClock(),
            random: SeededRandom(seed: 1),
        )
    }

    /// Runs `body` against a service on `store`.
    static func with(
        store: some ObjectStoring,
        _ change: (inout S3ServiceConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        var configuration = S3ServiceConfiguration(baseDomains: ["s3.example.test"], ownerID: ownerID)
        configuration.readLogLevel = .info
        change(&configuration)
        let log = LogCapture()
        let metrics = S3Metrics()
        let service = S3Service(
            store: store,
            configuration: configuration,
            credentials: StaticCredentials([
                Credential(accessKey: accessKey, secretKey: secretKey, account: ownerID),
                Credential(accessKey: "AKIAINACTIVE", secretKey: secretKey, account: ownerID, isActive: false),
            ]),
            clock: TestClock(),
            random: SystemRandomSource(),
            metrics: metrics,
            logger: Logger(label: "s3") { _ in log },
        )
        var http = HTTPServerConfiguration(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        http.bodyTimeout = .seconds(2)
        http.protocolErrorResponse = service.protocolErrorResponse
        let server = try await HTTPServer.start(
            http,
            service: service,
            clock: TestClock(),
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = await server.run() }
            do {
                try await body(TestServer(port: server.port, metrics: metrics, log: log))
            } catch {
                server.beginDrain(grace: .zero)
                throw error
            }
            server.beginDrain(grace: .seconds(1))
            try await group.waitForAll()
        }
    }

    /// Signs, sends and reads on a connection of its own.
    func send(_ request: TestRequest) async throws -> RawResponse {
        let head = request.signed(at: TestClock().now()).head
        return try await RawConnection.with(port: port) { connection in
            connection.send(Array(head.utf8) + request.body)
            return try connection.readResponse(isHead: request.method == "HEAD")
        }
    }

    /// Bytes as they are, for requests that no client library would make.
    func send(raw: [UInt8], finishes: Bool = false) async throws -> RawResponse {
        try await RawConnection.with(port: port) { connection in
            connection.send(raw)
            if finishes { connection.finishSending() }
            return try connection.readResponse()
        }
    }

    func makeBucket(_ name: String) async throws {
        let response = try await send(TestRequest("PUT", "/\(name)"))
        try #require(response.status == 200, "\(response.text)")
    }

    @discardableResult
    func put(_ path: String, _ body: String, headers: [(String, String)] = []) async throws -> RawResponse {
        let response = try await send(TestRequest("PUT", path, headers: headers, body: Array(body.utf8)))
        try #require(response.status == 200, "\(response.text)")
        return response
    }

    func get(_ path: String, query: [(String, String)] = [], headers: [(String, String)] = []) async throws
        -> RawResponse
    {
        try await send(TestRequest("GET", path, query: query, headers: headers))
    }
}

/// The real time, moved by what a test asks for.
struct TestClock: WallClock {
    var offsetSeconds: Int64 = 0

    func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
            .advanced(bySeconds: offsetSeconds)
    }
}
