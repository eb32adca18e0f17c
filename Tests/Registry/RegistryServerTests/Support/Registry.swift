// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import NIOCore
import NIOPosix
import OCIModel
import RegistryServer
import RegistryStore
import StorageTestSupport
import StorageTypes
import Testing

/// Serves a registry on a free port while `body` runs.
func withRegistry<Store: ObjectStoring>(
    on objects: Store,
    clock: any WallClock = TestClock(),
    configuration: RegistryConfiguration = RegistryConfiguration(),
    seed: UInt64 = 1,
    _ body: (Client) async throws -> Void
) async throws {
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    let random = SeededRandom(seed: seed)
    let store = try await RegistryStore(store: objects, configuration: configuration, clock: clock, random: random)
    let service = RegistryService(
        store: store,
        credentials: BasicCredentials([(user: "key", password: "secret")]),
        clock: clock,
        random: random,
        logger: logger,
    )
    let server = try await HTTPServer.start(
        HTTPServerConfiguration(eventLoopGroup: MultiThreadedEventLoopGroup.singleton),
        service: service,
        clock: clock,
        logger: logger,
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = await server.run() }
        defer { server.beginDrain(grace: .zero) }
        try await body(Client(port: server.port))
    }
}

/// A registry on the dictionary store.
func withRegistry(_ body: (Client) async throws -> Void) async throws {
    let clock = TestClock()
    try await withRegistry(on: MemoryStore(clock: clock), clock: clock, body)
}

extension Client {
    /// POST then PUT. - Returns: the digest.
    @discardableResult
    func push(_ blob: [UInt8], to name: String, _ algorithm: OCIDigest.Algorithm = .sha256) async throws -> String {
        let digest = Image.digest(blob, algorithm).description
        let location = try await start(name)
        let response = try await send("PUT", "\(location)?digest=\(digest)", [], .bytes(blob))
        #expect(response.status == 201, "\(response.text)")
        #expect(response["location"] == "/v2/\(name)/blobs/\(digest)")
        #expect(response["docker-content-digest"] == digest)
        return digest
    }

    /// A new session's location.
    func start(_ name: String, _ query: String = "") async throws -> String {
        let response = try await send("POST", "/v2/\(name)/blobs/uploads/\(query)", [], .bytes([]))
        #expect(response.status == 202, "\(response.text)")
        #expect(response["range"] == "0-0")
        let location = try #require(response["location"])
        #expect(location == "/v2/\(name)/blobs/uploads/\(response["docker-upload-uuid"] ?? "")")
        #expect(response["oci-chunk-min-length"] == nil)
        return location
    }

    func push(_ image: Image, to name: String) async throws {
        for blob in [image.config] + image.layers { try await push(blob, to: name) }
    }

    @discardableResult
    func putManifest(
        _ bytes: [UInt8],
        _ name: String,
        _ reference: String,
        type: String = MediaType.imageManifest,
        headers: [(String, String)] = []
    ) async throws -> Response {
        try await send("PUT", "/v2/\(name)/manifests/\(reference)", [("Content-Type", type)] + headers, .bytes(bytes))
    }
}
