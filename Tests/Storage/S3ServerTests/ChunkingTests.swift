// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
@testable import S3Server
import StorageTestSupport
import StorageTypes
import Testing

@Suite struct `The way of chunking` {
    private static let path = "/box/key"
    private static let bytes = PatternContent(seed: 1).bytes(0..<3 << 20)

    /// How many chunks the store has made when `body` has sent something.
    private func chunkCount(_ body: @escaping @Sendable (TestServer) async throws -> Void) async throws -> UInt64 {
        let store = try TestServer.emptyStore()
        try await TestServer.with(store: store) { server in
            try await server.makeBucket("box")
            try await body(server)
            #expect(try await server.get(Self.path).body == Self.bytes)
        }
        let count = try await store.statistics().engine.chunkCount
        await store.shutdown()
        return count
    }

    @Test(arguments: [
        (["x-drydock-chunking": "whole"], 3...3), (["Content-Type": "video/mp4"], 3...3),
        (["x-drydock-chunking": "pages"], 48...48), ([:], 30...47),
        (["Content-Type": "video/mp4", "x-drydock-chunking": "content-defined"], 30...47),
    ])
    func `is what the request says`(_ headers: [String: String], _ expected: ClosedRange<UInt64>) async throws {
        let headers = headers.map { ($0.key, $0.value) }
        let put = try await chunkCount { server in
            let response = try await server.send(TestRequest("PUT", Self.path, headers: headers, body: Self.bytes))
            #expect(response.status == 200)
        }
        #expect(expected.contains(put))
        // The upload keeps it for its parts.
        let uploaded = try await chunkCount { server in
            let id = try await MultipartTests.begin(server, Self.path, headers: headers)
            let part = try await MultipartTests.upload(server, Self.path, id, 1, Self.bytes)
            let etag = try #require(part.header("etag"))
            #expect(try await MultipartTests.complete(server, Self.path, id, [(1, etag)]).status == 200)
        }
        #expect(uploaded == put)
    }

    @Test func `stays when an object is copied`() async throws {
        let count = try await chunkCount { server in
            let header = ("x-drydock-chunking", "whole")
            _ = try await server.send(TestRequest("PUT", "/box/source", headers: [header], body: Self.bytes))
            let copy = TestRequest("PUT", Self.path, headers: [("x-amz-copy-source", "/box/source")])
            #expect(try await server.send(copy).status == 200)
        }
        #expect(count == 3)
    }

    @Test func `is refused when there is none of that name`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put(Self.path, "old")
            let header = ("x-drydock-chunking", "Whole")
            for request in [
                TestRequest("PUT", Self.path, headers: [header], body: [1]),
                TestRequest("POST", Self.path, query: [("uploads", "")], headers: [header]),
                TestRequest("PUT", "/box/copy", headers: [header, ("x-amz-copy-source", Self.path)]),
            ] {
                let response = try await server.send(request)
                #expect(response.status == 400 && response.errorCode == "InvalidArgument")
                #expect(response.element("ArgumentName") == "x-drydock-chunking")
            }
            #expect(try await server.get(Self.path).body == Array("old".utf8))
        }
    }

    @Test(arguments: [
        ("image/jpeg", Chunking.whole), ("VIDEO/MP4; codecs=avc1", .whole), ("application/x-xz", .whole),
        ("image/svg+xml", .contentDefined), ("image/tiff", .contentDefined), ("audio/wav", .contentDefined),
        ("application/gzip", .contentDefined), ("application/zip", .contentDefined), ("", .contentDefined),
    ])
    func `of a type is whole where it is compressed for good`(_ type: String, _ expected: Chunking) {
        #expect(Chunking(contentType: type) == expected)
    }
}
