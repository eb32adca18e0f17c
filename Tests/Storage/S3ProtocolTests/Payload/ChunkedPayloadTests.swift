// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes
import Testing

/// Bodies that are right, in every form of §3 and cut in every way.
@Suite struct ChunkedPayloadTests {
    /// A coding and a small body in it.
    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let coding: PayloadCoding
        let lineEnd: String

        static let all = [
            Form(testDescription: "signed", coding: .streamingSigned(trailer: false), lineEnd: "\r\n"),
            Form(testDescription: "signed, trailer", coding: .streamingSigned(trailer: true), lineEnd: "\r\n"),
            Form(testDescription: "signed, trailer, LF", coding: .streamingSigned(trailer: true), lineEnd: "\n"),
            Form(testDescription: "unsigned, trailer", coding: .streamingUnsignedTrailer, lineEnd: "\r\n"),
            Form(testDescription: "unsigned, trailer, LF", coding: .streamingUnsignedTrailer, lineEnd: "\n"),
        ]

        func body(_ chunks: [[UInt8]]) throws -> ChunkedBody {
            let payload =
                coding.hasTrailer
                ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" : "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
            var body = try ChunkedBody(payload: payload, signed: coding.isSigned)
            for chunk in chunks { body.chunk(chunk) }
            body.chunk([])
            if coding.hasTrailer {
                body.trailers([("x-amz-checksum-crc32", "AAAAAA==")], lineEnd: lineEnd)
            } else {
                body.end()
            }
            return body
        }

        func decoder(_ body: ChunkedBody, length: Int) throws -> ChunkedPayloadDecoder {
            try ChunkedPayloadDecoder(
                coding: coding,
                decodedLength: UInt64(length),
                announcedTrailers: ["x-amz-checksum-crc32"],
                signing: body.context,
            )
        }
    }

    private func data(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    @Test(arguments: Form.all) func `a body split at every byte comes out whole`(_ form: Form) throws {
        let body = try form.body([data(40)])
        for cut in 0...body.bytes.count {
            var decoder = try form.decoder(body, length: 40)
            let result = try decoder.decode([Array(body.bytes[..<cut]), Array(body.bytes[cut...])])
            #expect(result.data == data(40))
            #expect(result.trailers.map(\.value) == (form.coding.hasTrailer ? ["AAAAAA=="] : []))
            #expect(decoder.isFinished)
        }
        var decoder = try form.decoder(body, length: 40)
        #expect(try decoder.decode(body.bytes.map { [$0] }).data == data(40))
    }

    @Test(arguments: Form.all) func `a body cut off at any byte is incomplete`(_ form: Form) throws {
        let body = try form.body([data(40)])
        // With line feeds alone the last of several empty lines may be missing.
        for count in 0..<(body.bytes.count - form.lineEnd.utf8.count) {
            var decoder = try form.decoder(body, length: 40)
            #expect(throws: S3Error(.incompleteBody)) { try decoder.decode([Array(body.bytes[..<count])]) }
        }
    }

    @Test(arguments: Form.all) func `several chunks and an empty body come out whole`(_ form: Form) throws {
        let chunks = [data(8_192), data(70_000), data(5)]
        let body = try form.body(chunks)
        var decoder = try form.decoder(body, length: 78_197)
        var pieces: [[UInt8]] = []
        var random = SeededGenerator(seed: 7)
        var rest = body.bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...4_000, using: &random))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        #expect(try decoder.decode(pieces).data == chunks.flatMap { $0 })

        let empty = try form.body([])
        var second = try form.decoder(empty, length: 0)
        #expect(try second.decode([empty.bytes]).data.isEmpty)
    }

    @Test(arguments: Form.all.filter { $0.coding.isSigned })
    func `one changed bit anywhere is noticed`(_ form: Form) throws {
        let body = try form.body([data(40)])
        for index in body.bytes.indices {
            var bytes = body.bytes
            bytes[index] ^= 1
            var decoder = try form.decoder(body, length: 40)
            let result = try? decoder.decode([bytes])
            // Nothing but a spelling of the framing may change: the data and the trailers are as signed.
            let values = form.coding.hasTrailer ? ["AAAAAA=="] : []
            #expect(result == nil || (result?.data == data(40) && result?.trailers.map(\.value) == values))
        }
    }

    @Test func `a slice shares the storage of what was fed`() throws {
        let form = Form.all[3]
        let body = try form.body([data(20_000)])
        var decoder = try form.decoder(body, length: 20_000)
        let buffer = ByteBuffer(bytes: body.bytes)
        decoder.feed(buffer)
        let slice = try #require(try decoder.next())
        #expect(slice.readableBytes == 20_000)
        let shares = buffer.withUnsafeReadableBytes { whole in
            slice.withUnsafeReadableBytes { part in
                guard let start = whole.baseAddress, let inner = part.baseAddress else { return false }
                return inner >= start && inner < start + whole.count
            }
        }
        #expect(shares)
    }

    @Test func `upper-case sizes and signatures and one stray line end are let pass`() throws {
        let form = Form.all[0]
        let body = try form.body([data(0x1A)])
        let text = String(decoding: body.bytes[..<2], as: UTF8.self).uppercased()
        var decoder = try form.decoder(body, length: 0x1A)
        #expect(try decoder.decode([Array(text.utf8) + body.bytes[2...] + [0x0D, 0x0A]]).data == data(0x1A))
    }

    /// "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
    @Test func `the published chunked upload verifies`() throws {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
            + "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
            + "x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
        let headers = [
            ("host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("authorization", authorization),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"), ("content-length", "66824"),
        ]
        let input = try TestSigner.input("PUT", "/examplebucket/chunkObject.txt", nil, headers)
        let request = try TestSigner.verifier().authenticate(input)
        #expect(request.payload == .streamingSigned(trailer: false))

        let chunks = [
            (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ]
        var body: [UInt8] = []
        for (size, signature) in chunks {
            body += Array("\(String(size, radix: 16));chunk-signature=\(signature)\r\n".utf8)
            body += [UInt8](repeating: UInt8(ascii: "a"), count: size) + [0x0D, 0x0A]
        }
        #expect(body.count == 66_824)
        var decoder = try ChunkedPayloadDecoder(
            coding: request.payload,
            decodedLength: PayloadCoding.decodedLength(input.headers),
            announcedTrailers: [],
            signing: request.chunkSigning,
        )
        #expect(try decoder.decode([body]).data == [UInt8](repeating: UInt8(ascii: "a"), count: 66_560))
    }
}
