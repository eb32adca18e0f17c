// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes
import Testing

@Suite struct MultipartTests {
    static func begin(
        _ server: TestServer,
        _ path: String,
        headers: [(String, String)] = []
    ) async throws -> String {
        let response = try await server.send(TestRequest("POST", path, query: [("uploads", "")], headers: headers))
        try #require(response.status == 200, "\(response.text)")
        return try #require(response.element("UploadId"))
    }

    static func upload(
        _ server: TestServer,
        _ path: String,
        _ id: String,
        _ number: Int,
        _ body: [UInt8],
        headers: [(String, String)] = []
    ) async throws -> RawResponse {
        try await server.send(
            TestRequest(
                "PUT",
                path,
                query: [("partNumber", "\(number)"), ("uploadId", id)],
                headers: headers,
                body: body
            )
        )
    }

    static func complete(
        _ server: TestServer,
        _ path: String,
        _ id: String,
        _ parts: [(Int, String)],
        headers: [(String, String)] = []
    ) async throws -> RawResponse {
        let lines = parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>" }.joined()
        let body = "<CompleteMultipartUpload>\(lines)</CompleteMultipartUpload>"
        return try await server.send(
            TestRequest("POST", path, query: [("uploadId", id)], headers: headers, body: Array(body.utf8))
        )
    }

    @Test func `parts become one object`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let path = "/box/big%20one"
            let id = try await Self.begin(
                server,
                path,
                headers: [("Content-Type", "video/mp4"), ("x-amz-meta-a", "b")]
            )
            let parts = [UInt8(ascii: "A"), UInt8(ascii: "B"), UInt8(ascii: "C")].map {
                [UInt8](repeating: $0, count: 5 << 20)
            }
            var etags: [(Int, String)] = []
            for (index, part) in parts.enumerated() {
                let response = try await Self.upload(server, path, id, index + 1, part)
                #expect(response.status == 200)
                etags.append((index + 1, try #require(response.header("etag"))))
            }
            #expect(try await server.get(path).errorCode == "NoSuchKey")
            let listed = try await server.get(path, query: [("uploadId", id), ("max-parts", "2")])
            #expect(listed.elements("PartNumber") == ["1", "2"])
            #expect(listed.element("IsTruncated") == "true")
            #expect(listed.element("NextPartNumberMarker") == "2")
            #expect(listed.element("Key") == "big one")
            let rest = try await server.get(path, query: [("uploadId", id), ("part-number-marker", "2")])
            #expect(rest.elements("PartNumber") == ["3"])
            let uploads = try await server.get("/box", query: [("uploads", "")])
            #expect(uploads.elements("UploadId") == [id])
            #expect(uploads.element("Key") == "big one")

            let done = try await Self.complete(server, path, id, etags)
            #expect(done.status == 200, "\(done.text)")
            // `spec/s3.md` §4: the vectors of s3-tests.
            #expect(done.element("ETag") == "&quot;b2add96cc9702bbf4efb0ccdfc6b7747-3&quot;")
            #expect(done.element("ChecksumCRC64NVME") == "i+6LR0y3eFo=")
            #expect(done.element("ChecksumType") == "FULL_OBJECT")
            #expect(done.element("Location") == "http://127.0.0.1/box/big%20one")
            #expect(done.element("Bucket") == "box")

            let head = try await server.send(TestRequest("HEAD", path))
            #expect(head.header("content-length") == "15728640")
            #expect(head.header("content-type") == "video/mp4")
            #expect(head.header("x-amz-meta-a") == "b")
            let second = try await server.get(path, query: [("partNumber", "2")])
            #expect(second.status == 206)
            #expect(second.header("x-amz-mp-parts-count") == "3")
            #expect(second.header("content-range") == "bytes 5242880-10485759/15728640")
            #expect(second.body == parts[1])
            #expect(try await server.get(path, query: [("partNumber", "4")]).errorCode == "InvalidPartNumber")
            let again = try await Self.complete(server, path, id, etags)
            #expect(again.status == 200)
            #expect(again.element("ETag") == done.element("ETag"))
            #expect(try await server.get("/box", query: [("uploads", "")]).elements("UploadId").isEmpty)
        }
    }

    @Test func `checksums of parts combine`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let table: [(algorithm: String, type: String, element: String, value: String)] = [
                ("CRC32", "FULL_OBJECT", "ChecksumCRC32", "WgDhBQ=="),
                ("CRC32C", "FULL_OBJECT", "ChecksumCRC32C", "xU+Krw=="),
                ("CRC64NVME", "FULL_OBJECT", "ChecksumCRC64NVME", "i+6LR0y3eFo="),
                ("SHA1", "COMPOSITE", "ChecksumSHA1", "sizjvY4eud3MrcHdZM3cQ/ol39o=-3"),
                ("SHA256", "COMPOSITE", "ChecksumSHA256", "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3"),
            ]
            for row in table {
                let path = "/box/\(row.algorithm)"
                let id = try await Self.begin(
                    server,
                    path,
                    headers: [("x-amz-checksum-algorithm", row.algorithm), ("x-amz-checksum-type", row.type)]
                )
                var lines = ""
                let algorithm = try #require(ChecksumAlgorithm.allCases.first { $0.name == row.algorithm })
                for (index, letter) in "ABC".utf8.enumerated() {
                    let body = [UInt8](repeating: letter, count: 5 << 20)
                    let value = Base64.encode(RunningChecksum.hash(algorithm, body))
                    let response = try await Self.upload(
                        server,
                        path,
                        id,
                        index + 1,
                        body,
                        headers: [("x-amz-checksum-\(row.algorithm.lowercased())", value)]
                    )
                    #expect(response.status == 200, "\(response.text)")
                    #expect(response.header("x-amz-checksum-\(row.algorithm.lowercased())") == value)
                    lines +=
                        "<Part><PartNumber>\(index + 1)</PartNumber>"
                        + "<ETag>\(try #require(response.header("etag")))</ETag>"
                    lines += "<\(row.element)>\(value)</\(row.element)></Part>"
                }
                let done = try await server.send(
                    TestRequest(
                        "POST",
                        path,
                        query: [("uploadId", id)],
                        headers: [
                            ("x-amz-checksum-type", row.type),
                            ("x-amz-checksum-\(row.algorithm.lowercased())", row.value),
                            ("x-amz-mp-object-size", "15728640"),
                        ],
                        body: Array("<CompleteMultipartUpload>\(lines)</CompleteMultipartUpload>".utf8)
                    )
                )
                #expect(done.status == 200, "\(row.algorithm): \(done.text)")
                #expect(done.element(row.element) == row.value)
                #expect(done.element("ChecksumType") == row.type)
            }
        }
    }

    @Test func `uploads are refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let id = try await Self.begin(server, "/box/key")
            let small = try #require(try await Self.upload(server, "/box/key", id, 1, [1]).header("etag"))
            let last = try #require(try await Self.upload(server, "/box/key", id, 2, [2]).header("etag"))
            let unknown = String(repeating: "0", count: 32)
            #expect(try await Self.upload(server, "/box/key", unknown, 1, [1]).errorCode == "NoSuchUpload")
            #expect(try await Self.upload(server, "/box/key", "what", 1, [1]).errorCode == "NoSuchUpload")
            #expect(try await Self.upload(server, "/box/other", id, 1, [1]).errorCode == "NoSuchUpload")
            #expect(try await Self.upload(server, "/box/key", id, 0, [1]).errorCode == "InvalidArgument")
            #expect(try await Self.upload(server, "/box/key", id, 10_001, [1]).errorCode == "InvalidArgument")
            #expect(try await Self.complete(server, "/box/key", id, []).errorCode == "MalformedXML")
            #expect(
                try await Self.complete(server, "/box/key", id, [(1, small), (2, last)]).errorCode == "EntityTooSmall"
            )
            #expect(
                try await Self.complete(server, "/box/key", id, [(2, last), (1, small)]).errorCode == "InvalidPartOrder"
            )
            #expect(try await Self.complete(server, "/box/key", id, [(1, last)]).errorCode == "InvalidPart")
            #expect(try await Self.complete(server, "/box/key", id, [(3, last)]).errorCode == "InvalidPart")
            #expect(try await Self.complete(server, "/box/key", id, [(1, "rubbish")]).errorCode == "InvalidPart")
            #expect(
                try await Self.complete(server, "/box/key", id, [(1, small)], headers: [("x-amz-mp-object-size", "9")])
                    .errorCode == "InvalidRequest"
            )
            #expect(
                try await Self.complete(
                    server,
                    "/box/key",
                    id,
                    [(1, small)],
                    headers: [("x-amz-checksum-type", "COMPOSITE")]
                )
                .errorCode == "BadDigest"
            )
            #expect(
                try await Self.complete(
                    server,
                    "/box/key",
                    id,
                    [(1, small)],
                    headers: [("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")]
                ).errorCode == "BadDigest"
            )
            try await server.put("/box/key", "there already")
            #expect(
                try await Self.complete(server, "/box/key", id, [(1, small)], headers: [("If-None-Match", "*")])
                    .errorCode == "PreconditionFailed"
            )
            // None of the refusals used the upload up.
            #expect(try await Self.complete(server, "/box/key", id, [(1, small)]).status == 200)
            #expect(try await server.get("/box/key").body == [1])

            for headers in [
                [("x-amz-checksum-type", "FULL_OBJECT")],
                [("x-amz-checksum-algorithm", "SHA256"), ("x-amz-checksum-type", "FULL_OBJECT")],
                [("x-amz-checksum-algorithm", "CRC64NVME"), ("x-amz-checksum-type", "COMPOSITE")],
                [("x-amz-checksum-algorithm", "CRC16")],
            ] {
                let response = try await server.send(
                    TestRequest("POST", "/box/key", query: [("uploads", "")], headers: headers)
                )
                #expect(response.errorCode == "InvalidRequest", "\(headers)")
            }
        }
    }

    @Test func `an aborted upload is gone`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let id = try await Self.begin(server, "/box/key")
            _ = try await Self.upload(server, "/box/key", id, 1, [1])
            func abort(_ headers: [(String, String)] = []) async throws -> RawResponse {
                try await server.send(TestRequest("DELETE", "/box/key", query: [("uploadId", id)], headers: headers))
            }
            let past = [("x-amz-if-match-initiated-time", "Sun, 06 Nov 1994 08:49:37 GMT")]
            #expect(try await abort(past).status == 412)
            #expect(try await abort().status == 204)
            #expect(try await abort().errorCode == "NoSuchUpload")
            #expect(try await server.get("/box/key", query: [("uploadId", id)]).errorCode == "NoSuchUpload")
        }
    }

    @Test func `parts are copied from objects`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/source%20%2B", "0123456789")
            let id = try await Self.begin(server, "/box/key")
            func copy(_ range: String?, _ source: String = "/box/source%20%2B") async throws -> RawResponse {
                var headers = [("x-amz-copy-source", source)]
                if let range { headers.append(("x-amz-copy-source-range", range)) }
                return try await Self.upload(server, "/box/key", id, 1, [], headers: headers)
            }
            let whole = try await copy(nil)
            #expect(whole.status == 200, "\(whole.text)")
            #expect(whole.element("ETag") == "&quot;781e5e245d69b566979b86e28d23f2c7&quot;")
            #expect(whole.text.contains("<CopyPartResult"))
            let part = try await copy("bytes=2-4")
            #expect(part.status == 200)
            for range in ["bytes=2-", "bytes=-2", "2-4", "bytes=4-2", "bytes=a-b", "bytes=0-1,3-4"] {
                #expect(try await copy(range).errorCode == "InvalidArgument", "\(range)")
            }
            let beyond = try await copy("bytes=5-10")
            #expect(beyond.status == 400)
            #expect(beyond.errorCode == "InvalidRange")
            #expect(try await copy(nil, "/box/none").errorCode == "NoSuchKey")
            #expect(try await copy(nil, "/none/none").errorCode == "NoSuchBucket")
            let etag = try #require(part.element("ETag"))
            #expect(try await Self.complete(server, "/box/key", id, [(1, etag)]).status == 200)
            #expect(try await server.get("/box/key").text == "234")
        }
    }
}
