// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import RegistryStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

/// Blobs over the wire (`spec/registry.md` §4, §5, §9 and the blob category of §21.4), for each algorithm.
@Suite struct BlobTests {
    static let algorithms = OCIDigest.Algorithm.allCases
    let content = SeededRandom(seed: 11).bytes(200_000)

    func check(_ client: Client, _ blob: [UInt8], _ digest: String, in name: String = "a") async throws {
        let path = "/v2/\(name)/blobs/\(digest)"
        for method in ["HEAD", "GET"] {
            let response = try await client.send(method, path)
            #expect(response.status == 200)
            #expect(response.body == (method == "GET" ? blob : []))
            #expect(response["content-length"] == "\(blob.count)")
            #expect(response["docker-content-digest"] == digest)
            #expect(response["content-type"] == "application/octet-stream")
            #expect(response["etag"] == "\"\(digest)\"")
            #expect(response["accept-ranges"] == "bytes")
            #expect(response["content-encoding"] == nil)
        }
        let delete = try await client.send("DELETE", path)
        #expect(delete.status == 202)
        for method in ["HEAD", "GET", "DELETE"] {
            #expect(try await client.send(method, path).status == 404)
        }
    }

    @Test(arguments: algorithms, [0, 2, 70_000])
    func `post only, post and put, one chunk and a stream make the same blob`(
        algorithm: OCIDigest.Algorithm,
        size: Int
    ) async throws {
        let blob = Array(content.prefix(size))
        let digest = Image.digest(blob, algorithm).description
        try await withRegistry { client in
            let only = try await client.send("POST", "/v2/a/blobs/uploads/?digest=\(digest)", [], .bytes(blob))
            #expect(only.status == 201)
            #expect(only["location"] == "/v2/a/blobs/\(digest)")
            try await check(client, blob, digest)

            try await client.push(blob, to: "a", algorithm)
            try await check(client, blob, digest)

            for query in ["", "?digest-algorithm=\(algorithm)"] {
                let location = try await client.start("a", query)
                let range = size == 0 ? [] : [("Content-Range", "0-\(size - 1)")]
                let patch = try await client.send("PATCH", location, range, .bytes(blob))
                #expect(patch.status == 202)
                #expect(patch["location"] == location)
                #expect(patch["range"] == "0-\(max(size, 1) - 1)")
                let put = try await client.send("PUT", "\(location)?digest=\(digest)", [], .bytes([]))
                #expect(put.status == 201)
                try await check(client, blob, digest)
            }

            let location = try await client.start("a")
            let pieces = stride(from: 0, to: size, by: 9_000).map { Array(blob[$0..<min($0 + 9_000, size)]) }
            #expect(try await client.send("PATCH", location, [], .chunked(pieces)).status == 202)
            #expect(try await client.send("PUT", "\(location)?digest=\(digest)").status == 201)
            try await check(client, blob, digest)
        }
    }

    @Test func `an algorithm that was not announced is computed off the event loops`() async throws {
        let clock = TestClock()
        let store = MemoryStore(clock: clock)
        var configuration = RegistryConfiguration()
        (configuration.partByteCount, configuration.partByteCountMin) = (50_000, 0)
        configuration.tailByteCountMax = 500
        try await withRegistry(on: store, clock: clock, configuration: configuration) { client in
            let location = try await client.start("a")
            #expect(try await client.send("PATCH", location, [], .bytes(content)).status == 202)
            let digest = Image.digest(content, .sha512)
            #expect(try await client.send("PUT", "\(location)?digest=\(digest)", [], .bytes([])).status == 201)
        }
        #expect(store.reads.withLock { $0 } == MemoryStore.Reads(onLoops: 0, elsewhere: 1))
    }

    @Test(arguments: algorithms, [true, false])
    func `chunks in order make the blob and a chunk out of order changes nothing`(
        algorithm: OCIDigest.Algorithm,
        lastInPut: Bool
    ) async throws {
        let blob = Array(content.prefix(90_000))
        let digest = Image.digest(blob, algorithm).description
        try await withRegistry { client in
            let location = try await client.start("a")
            for (index, start) in [0, 30_000, 60_000].enumerated() {
                let chunk = Array(blob[start..<start + 30_000])
                let wrong = [("Content-Range", "\(start + 1)-\(start + 30_000)")]
                let isClosing = lastInPut && index == 2
                let method = isClosing ? "PUT" : "PATCH"
                let path = isClosing ? "\(location)?digest=\(digest)" : location
                let refused = try await client.send(method, path, wrong, .bytes(chunk))
                #expect(refused.status == 416)
                #expect(refused["range"] == "0-\(max(start, 1) - 1)")
                #expect(refused["location"] == location)
                #expect(refused.codes == ["RANGE_INVALID"])
                let status = try await client.send("GET", location)
                #expect(status.status == 204)
                #expect(status["range"] == "0-\(max(start, 1) - 1)")
                #expect(status["docker-upload-uuid"] != nil)
                let right = [
                    ("Content-Range", isClosing ? "bytes \(start)-\(start + 29_999)/*" : "\(start)-\(start + 29_999)")
                ]
                let taken = try await client.send(method, path, right, .bytes(chunk))
                #expect(taken.status == (isClosing ? 201 : 202))
            }
            if !lastInPut {
                #expect(try await client.send("PUT", "\(location)?digest=\(digest)", [], .bytes([])).status == 201)
            }
            #expect(try await client.send("PUT", "\(location)?digest=\(digest)", [], .bytes([])).status == 201)
            try await check(client, blob, digest)
        }
    }

    @Test(arguments: algorithms)
    func `content with another digest is refused whichever way it came`(algorithm: OCIDigest.Algorithm) async throws {
        let digest = Image.digest(content, algorithm).description
        let wrong = Array(content.dropLast())
        try await withRegistry { client in
            let only = try await client.send("POST", "/v2/a/blobs/uploads/?digest=\(digest)", [], .bytes(wrong))
            #expect(only.status == 400)
            #expect(only.codes == ["DIGEST_INVALID"])
            for (patch, put) in [
                (Client.Body.none, Client.Body.bytes(wrong)), (.bytes(wrong), .bytes([])), (.bytes([1]), .bytes(wrong)),
                (.chunked([wrong]), .none),
            ] {
                let location = try await client.start("a")
                if case .none = patch {
                } else {
                    #expect(try await client.send("PATCH", location, [], patch).status == 202)
                }
                let closed = try await client.send("PUT", "\(location)?digest=\(digest)", [], put)
                #expect(closed.status == 400)
                #expect(closed.codes == ["DIGEST_INVALID"])
                #expect(try await client.send("GET", location).status == 404)
            }
            #expect(try await client.send("HEAD", "/v2/a/blobs/\(digest)").status == 404)
        }
    }

    @Test func `a closing PUT without a proper digest keeps the session`() async throws {
        try await withRegistry { client in
            let location = try await client.start("a")
            for query in ["", "?digest=", "?digest=sha256:x", "?digest=md5:d41d8cd98f00b204e9800998ecf8427e"] {
                let response = try await client.send("PUT", location + query, [], .bytes([]))
                #expect(response.status == 400)
                #expect(response.codes == ["DIGEST_INVALID"])
            }
            #expect(try await client.send("GET", location).status == 204)
        }
    }

    @Test(arguments: ["x", "-", "1-", "-1", "a-b", "bytes */5", "99999999999999999999-1"])
    func `a Content-Range that says nothing is refused`(range: String) async throws {
        try await withRegistry { client in
            let location = try await client.start("a")
            let response = try await client.send("PATCH", location, [("Content-Range", range)], .bytes([1]))
            #expect(response.status == 400)
            #expect(response.codes == ["BLOB_UPLOAD_INVALID"])
        }
    }

    @Test func `a cancelled session is gone`() async throws {
        try await withRegistry { client in
            let location = try await client.start("a")
            _ = try await client.send("PATCH", location, [], .bytes(content))
            #expect(try await client.send("DELETE", location).status == 204)
            for method in ["GET", "HEAD", "PATCH", "DELETE"] {
                #expect(try await client.send(method, location).status == 404)
            }
        }
    }

    @Test func `a length that differs from the range is refused`() async throws {
        try await withRegistry { client in
            let location = try await client.start("a")
            let response = try await client.send("PATCH", location, [("Content-Range", "0-4")], .bytes([1, 2]))
            #expect(response.status == 400)
            #expect(response.codes == ["SIZE_INVALID"])
            let chunked = try await client.send("PATCH", location, [("Content-Range", "0-4")], .chunked([[1, 2]]))
            #expect(chunked.codes == ["SIZE_INVALID"])
            #expect(try await client.send("GET", location)["range"] == "0-0")
        }
    }

    @Test(arguments: algorithms)
    func `a blob is mounted from a repository that has it, named or not`(algorithm: OCIDigest.Algorithm) async throws {
        try await withRegistry { client in
            let digest = try await client.push(content, to: "two", algorithm)
            for query in ["&from=two", "", "&from=two&origin=x"] {
                let mount = try await client.send(
                    "POST",
                    "/v2/a/blobs/uploads/?mount=\(digest)\(query)",
                    [],
                    .bytes([])
                )
                #expect(mount.status == 201)
                #expect(mount["location"] == "/v2/a/blobs/\(digest)")
                #expect(mount["docker-content-digest"] == digest)
                try await check(client, content, digest)
            }
            for query in ["&from=three", "&from=two"] {
                let other = Image.digest([9], algorithm)
                let location = try await client.start("a", "?mount=\(other)\(query)")
                #expect(try await client.send("PUT", "\(location)?digest=\(other)", [], .bytes([9])).status == 201)
                try await check(client, [9], other.description)
            }
            // A source that can't be a name counts as none.
            let mount = try await client.send("POST", "/v2/a/blobs/uploads/?mount=\(digest)&from=NO", [], .bytes([]))
            #expect(mount.status == 201)
        }
    }

    @Test func `a digest without a body is taken for what is here`() async throws {
        try await withRegistry { client in
            let digest = Image.digest(content).description
            _ = try await client.start("a", "?digest=\(digest)")
            try await client.push(content, to: "a")
            let response = try await client.send("POST", "/v2/a/blobs/uploads/?digest=\(digest)", [], .bytes([]))
            #expect(response.status == 201)
        }
    }

    @Test func `a session outlives the process that began it`() async throws {
        let clock = TestClock()
        let memory = MemoryStore(clock: clock)
        var location = ""
        try await withRegistry(on: memory, clock: clock) { client in
            location = try await client.start("a")
            #expect(try await client.send("PATCH", location, [], .bytes(Array(content[..<150_000]))).status == 202)
        }
        try await withRegistry(on: memory, clock: clock, seed: 2) { client in
            #expect(try await client.send("GET", location)["range"] == "0-149999")
            let digest = Image.digest(content).description
            let rest = Array(content[150_000...])
            #expect(try await client.send("PUT", "\(location)?digest=\(digest)", [], .bytes(rest)).status == 201)
            try await check(client, content, digest)
        }
    }

    @Test func `two pushes of one blob at once both succeed`() async throws {
        try await withRegistry { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["a", "a", "b", "b", "c"] { group.addTask { try await client.push(content, to: name) } }
                try await group.waitForAll()
            }
            for name in ["a", "b", "c"] {
                try await check(client, content, Image.digest(content).description, in: name)
            }
        }
    }
}
