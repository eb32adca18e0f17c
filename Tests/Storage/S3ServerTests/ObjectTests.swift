// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct ObjectTests {
    @Test func `an object comes back with everything that was said about it`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let put = try await server.put(
                "/box/a%20b/%C3%BC+",
                "hello",
                headers: [
                    ("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("Content-Encoding", "gzip"),
                    ("Content-Disposition", "attachment"), ("Content-Language", "de"), ("Expires", "never"),
                    ("x-amz-meta-Colour", "blue"), ("x-amz-meta-empty", ""), ("x-amz-storage-class", "STANDARD_IA"),
                    ("x-amz-tagging", "b=2&a=1"), ("x-amz-website-redirect-location", "/there"),
                ]
            )
            #expect(put.header("etag") == "\"5d41402abc4b2a76b9719d911017c592\"")
            #expect(put.header("x-amz-checksum-type") == "FULL_OBJECT")
            #expect(put.header("x-amz-checksum-crc64nvme") != nil)
            #expect(put.header("x-amz-version-id") == nil)

            for method in ["GET", "HEAD"] {
                let response = try await server.send(TestRequest(method, "/box/a%20b/%C3%BC+"))
                #expect(response.status == 200)
                #expect(response.text == (method == "GET" ? "hello" : ""))
                let expected = [
                    ("content-length", "5"), ("content-type", "text/plain"), ("cache-control", "max-age=60"),
                    ("content-encoding", "gzip"), ("content-disposition", "attachment"), ("content-language", "de"),
                    ("expires", "never"), ("x-amz-meta-colour", "blue"), ("x-amz-meta-empty", ""),
                    ("x-amz-storage-class", "STANDARD_IA"), ("x-amz-tagging-count", "2"), ("accept-ranges", "bytes"),
                    ("x-amz-website-redirect-location", "/there"), ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
                ]
                for (name, value) in expected { #expect(response.header(name) == value, "\(method) \(name)") }
                #expect(response.header("last-modified").flatMap(HTTPDate.parse) != nil)
                #expect(response.header("x-amz-checksum-crc64nvme") == nil)
            }
            let tags = try await server.get("/box/a%20b/%C3%BC+", query: [("tagging", "")])
            #expect(tags.elements("Key") == ["a", "b"])
            #expect(tags.elements("Value") == ["1", "2"])
            let checked = try await server.get("/box/a%20b/%C3%BC+", headers: [("x-amz-checksum-mode", "ENABLED")])
            #expect(checked.header("x-amz-checksum-crc64nvme") == put.header("x-amz-checksum-crc64nvme"))
        }
    }

    @Test func `an object without a type is a binary stream and an empty one is an object`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/empty/", "")
            let response = try await server.get("/box/empty/")
            #expect(response.status == 200)
            #expect(response.header("content-type") == "binary/octet-stream")
            #expect(response.header("content-length") == "0")
            #expect(response.header("etag") == "\"d41d8cd98f00b204e9800998ecf8427e\"")
        }
    }

    @Test func `keys are opaque bytes`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let keys = [
                "a//b", "../up", "./dot", "a/../b", "%00", "%01%0A", "%7F", "+", "%2B", "%25", "~", "a%2Fb",
                "%F0%9F%98%80",
            ]
            for key in keys { try await server.put("/box/\(key)", key) }
            for key in keys where key != "+" {
                #expect(try await server.get("/box/\(key)").text == (key == "%2B" ? "%2B" : key), "\(key)")
            }
        }
    }

    @Test func `ranges answer as on AWS`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let content = String((0..<100).map { Character(Unicode.Scalar(UInt8(32 + $0 % 90))) })
            try await server.put("/box/hundred", content)
            try await server.put("/box/none", "")
            let table: [(key: String, range: String, status: Int, contentRange: String?)] = [
                ("hundred", "bytes=0-9", 206, "bytes 0-9/100"),
                ("hundred", "bytes=00-09", 206, "bytes 0-9/100"),
                ("hundred", "bytes=90-", 206, "bytes 90-99/100"),
                ("hundred", "bytes=90-1000", 206, "bytes 90-99/100"),
                ("hundred", "bytes=-10", 206, "bytes 90-99/100"),
                ("hundred", "bytes=-1000", 206, "bytes 0-99/100"),
                ("hundred", "bytes=-0", 416, "bytes */100"),
                ("hundred", "bytes=100-", 416, "bytes */100"),
                ("hundred", "bytes=100-101", 416, "bytes */100"),
                ("hundred", "bytes=10-5", 200, nil),
                ("hundred", "bytes=,", 200, nil),
                ("hundred", "bytes=abc", 200, nil),
                ("hundred", "foo=0-1", 200, nil),
                ("hundred", "bytes=0-0,1-2", 200, nil),
                ("none", "bytes=-1", 200, nil),
                ("none", "bytes=0-0", 416, "bytes */0"),
            ]
            for row in table {
                for method in ["GET", "HEAD"] {
                    let response = try await server.send(
                        TestRequest(method, "/box/\(row.key)", headers: [("Range", row.range)])
                    )
                    #expect(response.status == row.status, "\(method) \(row.range)")
                    #expect(response.header("content-range") == row.contentRange, "\(method) \(row.range)")
                    if row.status == 416, method == "GET" {
                        #expect(response.errorCode == "InvalidRange")
                        #expect(response.element("RangeRequested") == row.range)
                    }
                }
            }
            let part = try await server.get("/box/hundred", headers: [("Range", "bytes=10-19")])
            #expect(part.text == String(Array(content)[10..<20]))
            let etag = try #require(part.header("etag"))
            for (ifRange, status) in [(etag, 206), ("\"other\"", 200)] {
                let response = try await server.get(
                    "/box/hundred",
                    headers: [("Range", "bytes=0-1"), ("If-Range", ifRange)]
                )
                #expect(response.status == status)
            }
        }
    }

    @Test func `reads obey their conditions`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let etag = try #require(try await server.put("/box/key", "hello").header("etag"))
            let past = "Sun, 06 Nov 1994 08:49:37 GMT"
            let later = HTTPDate.format(TestClock(offsetSeconds: 3_600).now())
            let modified = try #require(try await server.get("/box/key").header("last-modified"))
            let table: [(headers: [(String, String)], status: Int)] = [
                ([("If-Match", etag)], 200),
                ([("If-Match", "*")], 200),
                ([("If-Match", "\"other\"")], 412),
                ([("If-None-Match", etag)], 304),
                ([("If-None-Match", "\"a\", \(etag)")], 304),
                ([("If-None-Match", "\"other\"")], 200),
                ([("If-Modified-Since", past)], 200),
                ([("If-Modified-Since", modified)], 304),
                ([("If-Modified-Since", later)], 200),
                ([("If-Modified-Since", "rubbish")], 200),
                ([("If-Unmodified-Since", past)], 412),
                ([("If-Unmodified-Since", later)], 200),
                ([("If-Match", etag), ("If-Unmodified-Since", past)], 200),
                ([("If-None-Match", "\"x\""), ("If-Modified-Since", modified)], 200),
            ]
            for row in table {
                for method in ["GET", "HEAD"] {
                    let response = try await server.send(TestRequest(method, "/box/key", headers: row.headers))
                    #expect(response.status == row.status, "\(method) \(row.headers)")
                    if row.status == 304 {
                        #expect(response.header("etag") == etag)
                        #expect(response.header("last-modified") == modified)
                    }
                    if row.status == 412, method == "GET" { #expect(response.errorCode == "PreconditionFailed") }
                }
            }
        }
    }

    @Test func `writes and deletes obey their conditions`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            func put(_ headers: [(String, String)], _ key: String = "key") async throws -> RawResponse {
                try await server.send(TestRequest("PUT", "/box/\(key)", headers: headers, body: [1, 2, 3]))
            }
            #expect(try await put([("If-Match", "\"5d41402abc4b2a76b9719d911017c592\"")]).errorCode == "NoSuchKey")
            #expect(try await put([("If-None-Match", "*")]).status == 200)
            let second = try await put([("If-None-Match", "*")])
            #expect(second.status == 412)
            #expect(second.element("Condition") == "If-None-Match")
            #expect(try await put([("If-Match", "\"5d41402abc4b2a76b9719d911017c592\"")]).status == 412)
            let etag = try #require(try await server.get("/box/key").header("etag"))
            #expect(try await put([("If-Match", etag)]).status == 200)
            #expect(try await put([("If-None-Match", etag)]).errorCode == "NotImplemented")
            #expect(try await put([("If-None-Match", "*"), ("If-Match", etag)]).status == 501)

            func delete(_ headers: [(String, String)], _ key: String = "key") async throws -> Int {
                try await server.send(TestRequest("DELETE", "/box/\(key)", headers: headers)).status
            }
            #expect(try await delete([("If-Match", "\"5d41402abc4b2a76b9719d911017c592\"")]) == 412)
            #expect(try await delete([("x-amz-if-match-size", "4")]) == 412)
            #expect(try await delete([("x-amz-if-match-size", "many")]) == 400)
            #expect(try await delete([("If-Match", etag), ("x-amz-if-match-size", "3")]) == 204)
            #expect(try await delete([]) == 204)
            #expect(try await server.get("/box/key").errorCode == "NoSuchKey")
        }
    }

    @Test func `objects are refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let longKey = String(repeating: "k", count: 1_025)
            let wellFormedVersion = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
            let table: [(request: TestRequest, status: Int, code: String)] = [
                (TestRequest("GET", "/box/none"), 404, "NoSuchKey"),
                (TestRequest("GET", "/box/\(longKey)"), 400, "KeyTooLongError"),
                (TestRequest("PUT", "/box/\(longKey)", body: [1]), 400, "KeyTooLongError"),
                (TestRequest("GET", "/box/key", query: [("versionId", wellFormedVersion)]), 404, "NoSuchVersion"),
                (TestRequest("GET", "/box/key", query: [("versionId", "bad")]), 400, "InvalidArgument"),
                (TestRequest("GET", "/box/key", query: [("versionId", "")]), 400, "InvalidArgument"),
                (TestRequest("DELETE", "/box/key", query: [("versionId", "bad")]), 400, "InvalidArgument"),
                (TestRequest("GET", "/box/key", query: [("partNumber", "x")]), 400, "InvalidArgument"),
                (TestRequest("GET", "/box/key", query: [("partNumber", "2")]), 416, "InvalidPartNumber"),
                (TestRequest("GET", "/box/key", query: [("uploads", "")]), 400, "InvalidRequest"),
                (TestRequest("GET", "/box/key", query: [("versions", "")]), 400, "InvalidRequest"),
                (TestRequest("GET", "/box/key", query: [("policy", "")]), 400, "InvalidRequest"),
                (TestRequest("POST", "/box/key"), 405, "MethodNotAllowed"),
                (TestRequest("PUT", "/box/key", query: [("partNumber", "1")], body: [1]), 400, "InvalidArgument"),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-storage-class", "PAPER")], body: [1]), 400,
                    "InvalidStorageClass"
                ),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-meta-big", String(repeating: "v", count: 2_048))]),
                    400, "MetadataTooLarge"
                ),
                (TestRequest("PUT", "/box/key", headers: [("Content-MD5", "AAAA")], body: [1]), 400, "InvalidDigest"),
                (
                    TestRequest("PUT", "/box/key", headers: [("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")], body: [1]),
                    400, "BadDigest"
                ),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-checksum-crc32", "AAAAAA==")], body: [1]), 400,
                    "BadDigest"
                ),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-checksum-crc32", "AA")], body: [1]), 400,
                    "InvalidRequest"
                ),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-sdk-checksum-algorithm", "CRC32")], body: [1]),
                    400,
                    "InvalidRequest"
                ),
                (TestRequest("PUT", "/box/key", headers: [("x-amz-tagging", "a=1&a=2")], body: [1]), 400, "InvalidTag"),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-tagging", "%zz=1")], body: [1]), 400,
                    "InvalidArgument"
                ),
                (
                    TestRequest("PUT", "/box/key", headers: [("x-amz-website-redirect-location", "there")], body: [1]),
                    400, "InvalidRedirectLocation"
                ),
                (TestRequest("PUT", "/box/key", headers: [("x-amz-acl", "nobody")], body: [1]), 400, "InvalidArgument"),
            ]
            for row in table {
                let response = try await server.send(row.request)
                #expect(
                    response.status == row.status,
                    "\(row.request.method) \(row.request.query) \(row.request.headers): \(response.text)"
                )
                #expect(
                    response.errorCode == row.code,
                    "\(row.request.method) \(row.request.query) \(row.request.headers): \(response.text)"
                )
            }
            #expect(try await server.get("/box/key").text == "hello")
            #expect(try await server.get("/box/key", query: [("versionId", "null")]).text == "hello")
            let head = try await server.send(TestRequest("HEAD", "/box/none"))
            #expect(head.status == 404)
            #expect(head.body.isEmpty)
            #expect(head.header("x-amz-request-id") != nil)
        }
    }

    @Test func `a part is named and the length is needed`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let part = try await server.get("/box/key", query: [("partNumber", "1")])
            #expect(part.status == 206)
            #expect(part.text == "hello")
            #expect(part.header("content-range") == "bytes 0-4/5")
            #expect(part.header("x-amz-mp-parts-count") == nil)
            let both = try await server.get("/box/key", query: [("partNumber", "1")], headers: [("Range", "bytes=0-1")])
            #expect(both.errorCode == "InvalidRequest")

            var request = TestRequest("PUT", "/box/unmeasured")
            request.contentLength = ""
            let response = try await server.send(request)
            #expect(response.status == 411)
            #expect(response.errorCode == "MissingContentLength")
            var huge = TestRequest("PUT", "/box/huge")
            huge.contentLength = "5368709121"
            let refused = try await server.send(huge)
            #expect(refused.errorCode == "EntityTooLarge")
            #expect(refused.element("MaxSizeAllowed") == "5368709120")
        }
    }

    @Test func `a signed reader may choose the representation headers`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello", headers: [("Cache-Control", "private")])
            let response = try await server.get(
                "/box/key",
                query: [
                    ("response-content-type", "image/png"), ("response-cache-control", "no-cache"),
                    ("response-content-disposition", "attachment; filename=\"x\""), ("response-expires", "0"),
                    ("response-content-language", "en"), ("response-content-encoding", "br"),
                ]
            )
            let expected = [
                ("content-type", "image/png"), ("cache-control", "no-cache"), ("expires", "0"),
                ("content-language", "en"),
                ("content-disposition", "attachment; filename=\"x\""), ("content-encoding", "br"),
            ]
            for (name, value) in expected { #expect(response.header(name) == value) }
            let forged = try await server.get("/box/key", query: [("response-content-type", "a\r\nSet-Cookie: b")])
            #expect(forged.status == 400)
            #expect(forged.header("set-cookie") == nil)
        }
    }

    @Test func `a large object streams whole and in ranges`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let content = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 11) }
            let put = try await server.send(TestRequest("PUT", "/box/large", body: content))
            #expect(put.status == 200)
            #expect(try await server.get("/box/large").body == content)
            let range = try await server.get("/box/large", headers: [("Range", "bytes=1000000-2500000")])
            #expect(range.body == Array(content[1_000_000...2_500_000]))
        }
    }
}
