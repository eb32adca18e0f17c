// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import NIOCore
import S3Protocol
import StorageTypes

/// Writes aws-chunked bodies as a client does.
struct ChunkedBody {
    let signer: TestSigner
    let context: ChunkSigningContext?
    private var previous: String
    var bytes: [UInt8] = []

    /// - Parameter signed: the request's headers are signed and so will be the chunks.
    init(_ signer: TestSigner = TestSigner(), payload: String, signed: Bool) throws {
        self.signer = signer
        guard signed else {
            context = nil
            previous = ""
            return
        }
        let input = try signer.request("PUT", payload: payload)
        context = try TestSigner.verifier().authenticate(input).chunkSigning
        previous = String(input.headers.first("authorization")?.suffix(64) ?? "")
    }

    mutating func chunk(_ data: [UInt8]) {
        var line = String(data.count, radix: 16)
        if context != nil {
            let hash = SHA256.hash(data).hex
            previous = signer.sign(
                "AWS4-HMAC-SHA256-PAYLOAD\n\(signer.date)\n\(signer.scope)\n\(previous)\n\(TestSigner.emptyHash)\n\(hash)"
            )
            line += ";chunk-signature=" + previous
        }
        bytes += Array((line + "\r\n").utf8) + data
        if !data.isEmpty { bytes += [0x0D, 0x0A] }
    }

    /// - Parameter lineEnd: some clients end trailer lines with a line feed alone.
    mutating func trailers(_ trailers: [(String, String)], lineEnd: String = "\r\n", signed: Bool? = nil) {
        for (name, value) in trailers { bytes += Array((name + ":" + value + lineEnd).utf8) }
        if signed ?? (context != nil) {
            let text = trailers.map { "\($0.0):\($0.1)\n" }.joined()
            let hash = SHA256.hash(Array(text.utf8)).hex
            let signature = signer.sign(
                "AWS4-HMAC-SHA256-TRAILER\n\(signer.date)\n\(signer.scope)\n\(previous)\n\(hash)"
            )
            bytes += Array(("x-amz-trailer-signature:" + signature + lineEnd).utf8)
        }
        bytes += Array(lineEnd.utf8)
    }

    mutating func end() { bytes += [0x0D, 0x0A] }
}

extension ChunkedPayloadDecoder {
    /// Feeds pieces and takes everything out between them.
    mutating func decode(_ pieces: [[UInt8]]) throws(S3Error) -> (data: [UInt8], trailers: [PayloadTrailer]) {
        var data: [UInt8] = []
        for piece in pieces {
            feed(ByteBuffer(bytes: piece))
            while let slice = try next() {
                data += Array(slice.readableBytesView)
            }
        }
        return (data, try finish())
    }
}
