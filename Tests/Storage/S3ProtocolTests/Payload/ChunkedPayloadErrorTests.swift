// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes
import Testing

/// Bodies that are wrong, each with its code (§3).
@Suite struct ChunkedPayloadErrorTests {
    private static let signature = String(repeating: "0", count: 64)

    private func error(
        _ body: String,
        length: UInt64,
        coding: PayloadCoding = .streamingUnsignedTrailer,
        announced: [String] = ["x-amz-checksum-crc32"],
        signing: ChunkSigningContext? = nil
    ) throws -> S3Error? {
        var decoder = try ChunkedPayloadDecoder(
            coding: coding,
            decodedLength: length,
            announcedTrailers: announced,
            signing: signing,
        )
        do {
            _ = try decoder.decode([Array(body.utf8)])
            return nil
        } catch {
            // What failed stays failed.
            #expect(throws: error) { try decoder.next() }
            #expect(throws: error) { try decoder.finish() }
            return error
        }
    }

    @Test func `the body that the tables change is right`() throws {
        #expect(try error("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", length: 5) == nil)
    }

    @Test(arguments: [
        "", "5", "5\r\n", "5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhelloXX0\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r\n", "5\r\nhello\r\n0\n\r\n",
        "5;chunk-signature=0\r\nhello\r\n0\r\n\r\n", "5;\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\nhello\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        "6\r\nhello!\r\n0\r\n\r\n", "4\r\nhell\r\n0\r\n\r\n", "0\r\n\r\n",
        String(repeating: "0", count: 2_000), "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n",
        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\nmore",
    ])
    func `bad framing is an incomplete body`(_ body: String) throws {
        #expect(try error(body, length: 5)?.code.rawValue != nil)
        let code = try error(body, length: 5)?.code
        // A second small chunk is told as such; everything else is incomplete.
        #expect(code == (body.contains("\r\n1\r\n") ? .invalidChunkSizeError : .incompleteBody))
    }

    @Test func `a wrong length says how many bytes were promised and how many came`() throws {
        let short = try error("4\r\nhell\r\n0\r\n\r\n", length: 5)
        #expect(short?.extra("NumberBytesExpected") == "5")
        #expect(short?.extra("NumberBytesProvided") == "4")
        let long = try error("6\r\nhello!\r\n0\r\n\r\n", length: 5)
        #expect(long?.extra("NumberBytesProvided") == "6")
        let huge = try error("ffffffffffffffff\r\n", length: 5)
        #expect(huge?.extra("NumberBytesProvided") == "18446744073709551615")
    }

    @Test func `only the last chunk may be small`() throws {
        let small = String(repeating: "a", count: 8_191)
        let refusal = try error("1fff\r\n\(small)\r\n1\r\nb\r\n0\r\n\r\n", length: 8_192)
        #expect(refusal?.code == .invalidChunkSizeError)
        #expect(refusal?.extra("Chunk") == "1")
        #expect(refusal?.extra("BadChunkSize") == "8191")
        let trailer = "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"
        #expect(try error("2000\r\na\(small)\r\n1\r\nb\r\n0\r\n\(trailer)", length: 8_193) == nil)
    }

    @Test(arguments: [
        "", "x-amz-checksum-crc32:\r\n", "x-amz-checksum-crc32: \r\n", "x-amz-checksum-crc32c:AAAAAA==\r\n",
        "x-amz-checksum-crc32\r\n", "x-amz-meta-a:b\r\n", ":b\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-crc32:AAAAAA==\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-sha1:AAAAAA==\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:\(signature)\r\n",
    ])
    func `a trailer that was not announced so is malformed`(_ trailers: String) throws {
        #expect(try error("5\r\nhello\r\n0\r\n\(trailers)\r\n", length: 5)?.code == .malformedTrailerError)
    }

    @Test func `trailers are read whatever the case and the white space`() throws {
        #expect(try error("5\r\nhello\r\n0\r\nX-AMZ-Checksum-CRC32:  NhCmhg== \t\r\n\r\n", length: 5) == nil)
    }

    @Test func `a trailer that is not UTF-8 or too long is refused`() throws {
        var decoder = try ChunkedPayloadDecoder(
            coding: .streamingUnsignedTrailer,
            decodedLength: 0,
            announcedTrailers: ["x-amz-checksum-crc32"],
            signing: nil,
        )
        let bytes = Array("0\r\nx-amz-checksum-crc32:".utf8) + [0xFF, 0x0D, 0x0A, 0x0D, 0x0A]
        #expect(throws: S3Error(.malformedTrailerError)) { try decoder.decode([bytes]) }
        let long = "0\r\nx-amz-checksum-crc32:" + String(repeating: "A", count: 17_000) + "\r\n\r\n"
        #expect(try error(long, length: 0) != nil)
        let endless = "0\r\n" + String(repeating: "A", count: 100_000)
        #expect(try error(endless, length: 0) != nil)
    }

    @Test func `a form with a trailer must announce one`() {
        for coding in [PayloadCoding.streamingUnsignedTrailer, .streamingSigned(trailer: true)] {
            #expect(throws: S3Error(.malformedTrailerError)) {
                try ChunkedPayloadDecoder(coding: coding, decodedLength: 0, announcedTrailers: [], signing: nil)
            }
        }
    }

    @Test func `signed chunks need a signed request`() {
        #expect(throws: S3Error(.accessDenied)) {
            try ChunkedPayloadDecoder(
                coding: .streamingSigned(trailer: false),
                decodedLength: 0,
                announcedTrailers: [],
                signing: nil,
            )
        }
    }

    @Test func `a form without a trailer lets only one stray line end pass`() throws {
        var body = try ChunkedBody(payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", signed: true)
        body.chunk([])
        body.end()
        let text = String(decoding: body.bytes, as: UTF8.self)
        func code(_ more: String) throws -> S3ErrorCode? {
            try error(
                text + more,
                length: 0,
                coding: .streamingSigned(trailer: false),
                announced: [],
                signing: body.context,
            )?.code
        }
        #expect(try code("") == nil)
        #expect(try code("\r\n") == nil)
        #expect(try code("\r\n\r\n") == .incompleteBody)
        #expect(try code("x-amz-checksum-crc32:AAAAAA==\r\n\r\n") == .incompleteBody)
    }

    @Test(arguments: [
        "5\r\nhello\r\n", "5;chunk-signature=\r\nhello\r\n", "5;chunk-signature=00\r\nhello\r\n",
        "5;chunk-signature=\(signature)0\r\nhello\r\n", "5;signature=\(signature)\r\nhello\r\n",
        "5;chunk-signature=\(signature.dropLast())g\r\nhello\r\n", "5;chunk-signature=\(signature);x=y\r\nhello\r\n",
    ])
    func `a missing or short chunk signature is an incomplete body`(_ chunk: String) throws {
        let body = try ChunkedBody(payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", signed: true)
        let refusal = try error(
            chunk,
            length: 5,
            coding: .streamingSigned(trailer: false),
            announced: [],
            signing: body.context,
        )
        #expect(refusal?.code == .incompleteBody)
    }

    @Test func `a wrong chunk signature does not match`() throws {
        let body = try ChunkedBody(payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", signed: true)
        let refusal = try error(
            "5;chunk-signature=\(Self.signature)\r\nhello\r\n",
            length: 5,
            coding: .streamingSigned(trailer: false),
            announced: [],
            signing: body.context,
        )
        #expect(refusal?.code == .signatureDoesNotMatch)
        #expect(refusal?.extra("AWSAccessKeyId") == TestSigner.accessKey)
        #expect(refusal?.extra("StringToSign")?.hasPrefix("AWS4-HMAC-SHA256-PAYLOAD\n") == true)
    }

    @Test func `chunks in another order do not match`() throws {
        var body = try ChunkedBody(payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", signed: true)
        body.chunk([UInt8](repeating: 1, count: 8_192))
        let first = body.bytes
        body.bytes = []
        body.chunk([UInt8](repeating: 2, count: 8_192))
        var decoder = try ChunkedPayloadDecoder(
            coding: .streamingSigned(trailer: false),
            decodedLength: 16_384,
            announcedTrailers: [],
            signing: body.context,
        )
        #expect(throws: S3Error(.signatureDoesNotMatch)) { try decoder.decode([body.bytes + first]) }
    }

    @Test(arguments: [
        ("x-amz-trailer-signature:\(signature)\r\n", S3ErrorCode.signatureDoesNotMatch),
        ("x-amz-trailer-signature:00\r\n", .incompleteBody), ("", .incompleteBody),
        ("x-amz-trailer-signature:\(signature.dropLast())g\r\n", .incompleteBody),
    ])
    func `a signed trailer needs its signature`(_ line: String, _ code: S3ErrorCode) throws {
        var body = try ChunkedBody(payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", signed: true)
        body.chunk([])
        let text = String(decoding: body.bytes, as: UTF8.self) + "x-amz-checksum-crc32:AAAAAA==\r\n\(line)\r\n"
        let refusal = try error(text, length: 0, coding: .streamingSigned(trailer: true), signing: body.context)
        #expect(refusal?.code == code)
    }

    @Test func `random changes never get more out than was promised`() throws {
        var random = SeededGenerator(seed: 2)
        let good = Array("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n".utf8)
        for _ in 0..<5_000 {
            var decoder = try ChunkedPayloadDecoder(
                coding: .streamingUnsignedTrailer,
                decodedLength: 5,
                announcedTrailers: ["x-amz-checksum-crc32"],
                signing: nil,
            )
            let bytes = random.mutated(good, alphabet: Array("\r\n0f;:".utf8))
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let result = try? decoder.decode([Array(bytes[..<cut]), Array(bytes[cut...])])
            if let result { #expect(result.data.count == 5 && result.trailers.count == 1) }
        }
    }
}
