// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// Signature version 4 from the client's side, written from the specification and not from the server's code.
struct TestSigner: Sendable {
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    var accessKey = "AKIAROOTROOTROOTROOT"
    var secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    var region = "us-east-1"
    var service = "s3"
    var terminal = "aws4_request"
    var date: String
    /// The day in the scope, if it is to differ from the date.
    var scopeDay: String

    init(now: Timestamp) {
        date = ISO8601.formatBasic(now)
        scopeDay = String(date.prefix(8))
    }

    var scope: String { "\(scopeDay)/\(region)/\(service)/\(terminal)" }

    var key: SHA256Digest {
        var key = Self.hmac(Array("AWS4\(secretKey)".utf8), scopeDay)
        for text in [region, service, terminal] { key = Self.hmac(key.bytes, text) }
        return key
    }

    /// The hexadecimal signature of a canonical request.
    func signature(of canonical: String) -> String {
        let toSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n" + SHA256.hash(Array(canonical.utf8)).hex
        return Self.hmac(key.bytes, toSign).hex
    }

    static func canonical(
        method: String,
        path: String,
        query: [(String, String)],
        headers: [(String, String)],
        payloadHash: String
    ) -> String {
        let pairs = query.map {
            (
                PercentEncoding.encode(Array($0.utf8), keepsSlash: false),
                PercentEncoding.encode(Array($1.utf8), keepsSlash: false)
            )
        }
        .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) }
        let lines = headers.map { ($0.lowercased(), $1) }.sorted { $0.0 < $1.0 }
        return [
            method,
            path,
            pairs.map { "\($0)=\($1)" }.joined(separator: "&"),
            lines.map { "\($0):\($1)\n" }.joined(),
            lines.map(\.0).joined(separator: ";"),
            payloadHash,
        ].joined(separator: "\n")
    }

    /// The signature of one chunk of a signed stream.
    func chunkSignature(previous: String, data: [UInt8]) -> String {
        let toSign =
            "AWS4-HMAC-SHA256-PAYLOAD\n\(date)\n\(scope)\n\(previous)\n\(Self.emptyHash)\n" + SHA256.hash(data).hex
        return Self.hmac(key.bytes, toSign).hex
    }

    /// - Parameter trailer: `name:value` lines, each with its line feed.
    func trailerSignature(previous: String, trailer: String) -> String {
        let toSign =
            "AWS4-HMAC-SHA256-TRAILER\n\(date)\n\(scope)\n\(previous)\n" + SHA256.hash(Array(trailer.utf8)).hex
        return Self.hmac(key.bytes, toSign).hex
    }

    private static func hmac(_ key: [UInt8], _ text: String) -> SHA256Digest {
        HMACSHA256.authenticate(key: key, message: Array(text.utf8))
    }
}
