// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct ChunkedUploadTests {
    private static let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private static var pieces: [[UInt8]] {
        [Array(content[..<65_536]), Array(content[65_536..<80_000]), Array(content[80_000...])]
    }

    @Test(arguments: [ChunkedBody.Form.signed, .signedTrailer, .unsignedTrailer])
    func `every form of aws-chunked stores the bytes it frames`(form: ChunkedBody.Form) async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let crc = Digests.checksum(.crc32, Self.content)
            var body = ChunkedBody(form: form, chunks: Self.pieces)
            if form.hasTrailer { body.trailers = [("x-amz-checksum-crc32", crc)] }
            let put = try await server.send(
                body,
                to: "/box/key",
                headers: [("Content-Encoding", "aws-chunked,gzip"), ("x-amz-sdk-checksum-algorithm", "CRC32")].filter {
                    form.hasTrailer || $0.0 == "Content-Encoding"
                }
            )
            #expect(put.status == 200, "\(put.text)")
            if form.hasTrailer { #expect(put.header("x-amz-checksum-crc32") == crc) }
            let get = try await server.get("/box/key")
            #expect(get.body == Self.content)
            #expect(get.header("content-encoding") == "gzip")
            body.chunks = []
            body.trailers = form.hasTrailer ? [("x-amz-checksum-crc32", "AAAAAA==")] : []
            let empty = try await server.send(body, to: "/box/empty", headers: [("Content-Encoding", "aws-chunked")])
            #expect(empty.status == 200, "\(empty.text)")
            #expect(try await server.get("/box/empty").header("content-encoding") == nil)
        }
    }

    @Test(arguments: [
        "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128",
    ])
    func `each checksum travels in the trailer and is compared`(name: String) async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let algorithm = try #require(ChecksumAlgorithm.allCases.first { $0.name == name })
            let header = "x-amz-checksum-\(name.lowercased())"
            let value = Digests.checksum(algorithm, Self.content)
            let good = ChunkedBody(form: .unsignedTrailer, chunks: Self.pieces, trailers: [(header, value)])
            #expect(try await server.send(good, to: "/box/key").status == 200)
            let get = try await server.get("/box/key", headers: [("x-amz-checksum-mode", "ENABLED")])
            #expect(get.header(header) == value)
            let other = Digests.checksum(algorithm, [1])
            let bad = ChunkedBody(form: .unsignedTrailer, chunks: Self.pieces, trailers: [(header, other)])
            let refused = try await server.send(bad, to: "/box/other")
            #expect(refused.status == 400)
            #expect(refused.errorCode == "BadDigest")
            #expect(try await server.get("/box/other").status == 404)
        }
    }

    @Test func `HTTP chunking may wrap the framing, and strangers may send unsigned trailers`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let body = ChunkedBody(
                form: .unsignedTrailer,
                chunks: [[1, 2, 3]],
                trailers: [("x-amz-checksum-crc32", Digests.checksum(.crc32, [1, 2, 3]))],
                lineEnd: "\n"
            )
            let (head, bytes) = body.request("/box/key") {
                $0.headers.append(("transfer-encoding", "chunked"))
                $0.contentLength = ""
            }
            var wrapped = Array(head.utf8)
            for byte in bytes { wrapped += Array("1\r\n".utf8) + [byte] + [13, 10] }
            wrapped += Array("0\r\n\r\n".utf8)
            let put = try await server.send(raw: wrapped)
            #expect(put.status == 200, "\(put.text)")
            #expect(try await server.get("/box/key").body == [1, 2, 3])
            let policy =
                #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::box/*"}}"#
            _ = try await server.send(TestRequest("PUT", "/box", query: [("policy", "")], body: Array(policy.utf8)))
            #expect(try await server.send(body, to: "/box/anonymous", signing: .none).status == 200)
            let signed = ChunkedBody(form: .signed, chunks: [[1]])
            #expect(try await server.send(signed, to: "/box/anonymous", signing: .none).errorCode == "InvalidRequest")
        }
    }

    private struct Case {
        var name: String
        var status = 400
        var code: String
        var body: ChunkedBody
        var headers: [(String, String)] = []
        var finishes = false
    }

    private static var malformed: [Case] {
        let crc = ("x-amz-checksum-crc32", Digests.checksum(.crc32, content))
        let signed = ChunkedBody(form: .signed, chunks: pieces)
        let trailer = ChunkedBody(form: .unsignedTrailer, chunks: pieces, trailers: [crc])
        let signedTrailer = ChunkedBody(form: .signedTrailer, chunks: pieces, trailers: [crc])
        func with(_ body: ChunkedBody, _ change: (inout ChunkedBody) -> Void) -> ChunkedBody {
            var body = body
            change(&body)
            return body
        }
        return [
            Case(
                name: "first chunk's signature",
                status: 403,
                code: "SignatureDoesNotMatch",
                body: with(signed) { $0.spoiledChunk = 0 }
            ),
            Case(
                name: "last chunk's signature",
                status: 403,
                code: "SignatureDoesNotMatch",
                body: with(signed) { $0.spoiledChunk = 3 }
            ),
            Case(
                name: "trailer signature",
                status: 403,
                code: "SignatureDoesNotMatch",
                body: with(signedTrailer) { $0.spoilsTrailerSignature = true }
            ),
            Case(
                name: "changed byte",
                status: 403,
                code: "SignatureDoesNotMatch",
                body: with(signed) { $0.tamper = { $0[100] ^= 1 } }
            ),
            Case(
                name: "size is no number",
                code: "IncompleteBody",
                body: with(signed) { $0.tamper = { $0[0] = UInt8(ascii: "z") } }
            ),
            Case(
                name: "size overflows",
                code: "IncompleteBody",
                body: with(trailer) {
                    $0.tamper = { $0.replaceSubrange(0..<5, with: Array("fffffffffffffffff".utf8)) }
                },
                finishes: true
            ),
            Case(
                name: "size is negative",
                code: "IncompleteBody",
                body: with(trailer) { $0.tamper = { $0[0] = UInt8(ascii: "-") } }
            ),
            Case(
                name: "no signature in a chunk",
                code: "IncompleteBody",
                body: with(signed) { $0.tamper = { $0[5] = UInt8(ascii: " ") } }
            ),
            Case(
                name: "data longer than its chunk",
                code: "IncompleteBody",
                body: with(trailer) { $0.tamper = { $0[4] = UInt8(ascii: "1") } }
            ),
            Case(
                name: "truncated",
                code: "IncompleteBody",
                body: with(trailer) { $0.tamper = { $0.removeLast(40_000) } },
                finishes: true
            ),
            Case(
                name: "no last chunk",
                code: "IncompleteBody",
                body: with(signed) { $0.tamper = { $0.removeLast(90) } },
                finishes: true
            ),
            Case(
                name: "small chunk in the middle",
                code: "InvalidChunkSizeError",
                body: with(trailer) { $0.chunks = [[1], Array(repeating: 2, count: 9_000)] }
            ),
            Case(
                name: "shorter than declared",
                code: "IncompleteBody",
                body: with(trailer) { $0.decodedLength = "100001" }
            ),
            Case(
                name: "longer than declared",
                code: "IncompleteBody",
                body: with(trailer) { $0.decodedLength = "99999" }
            ),
            Case(
                name: "no declared length",
                status: 411,
                code: "MissingContentLength",
                body: with(trailer) { $0.decodedLength = "" }
            ),
            Case(
                name: "declared length is rubbish",
                status: 411,
                code: "MissingContentLength",
                body: with(trailer) { $0.decodedLength = "-5" }
            ),
            Case(
                name: "declared length is huge",
                code: "EntityTooLarge",
                body: with(trailer) { $0.decodedLength = "18446744073709551615" }
            ),
            Case(
                name: "trailer not announced",
                code: "MalformedTrailerError",
                body: with(trailer) { $0.announcedTrailer = "" }
            ),
            Case(
                name: "another trailer",
                code: "MalformedTrailerError",
                body: with(trailer) { $0.announcedTrailer = "x-amz-checksum-sha1" }
            ),
            Case(
                name: "unknown trailer",
                code: "MalformedTrailerError",
                body: with(trailer) { $0.announcedTrailer = "x-other" }
            ),
            Case(
                name: "no trailer came",
                code: "MalformedTrailerError",
                body: with(trailer) {
                    $0.announcedTrailer = "x-amz-checksum-crc32"
                    $0.trailers = []
                }
            ),
            Case(
                name: "empty trailer value",
                code: "MalformedTrailerError",
                body: with(trailer) { $0.trailers = [("x-amz-checksum-crc32", "")] }
            ),
            Case(
                name: "trailer is no base64",
                code: "InvalidRequest",
                body: with(trailer) { $0.trailers = [("x-amz-checksum-crc32", "@@@@")] }
            ),
            Case(
                name: "trailer of another length",
                code: "InvalidRequest",
                body: with(trailer) { $0.trailers = [("x-amz-checksum-crc32", "AAAA")] }
            ),
            Case(
                name: "two trailers",
                code: "InvalidRequest",
                body: with(trailer) { $0.trailers.append(("x-amz-checksum-sha1", "x")) }
            ),
            Case(
                name: "header and trailer",
                code: "InvalidRequest",
                body: trailer,
                headers: [("x-amz-checksum-sha1", Digests.checksum(.sha1, content))]
            ),
            Case(
                name: "endless line",
                code: "IncompleteBody",
                body: with(trailer) { $0.tamper = { $0 = Array(repeating: UInt8(ascii: "0"), count: $0.count) } }
            ),
        ]
    }

    @Test func `framing that is wrong is refused and stores nothing`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            for row in Self.malformed {
                let response = try await server.send(
                    row.body,
                    to: "/box/key",
                    headers: row.headers,
                    finishes: row.finishes
                )
                #expect(response.status == row.status, "\(row.name): \(response.text)")
                #expect(response.errorCode == row.code, "\(row.name): \(response.text)")
                #expect(try await server.get("/box/key").status == 404, "\(row.name)")
            }
            #expect(try await server.send(TestRequest("HEAD", "/box")).status == 200)
        }
    }
}
