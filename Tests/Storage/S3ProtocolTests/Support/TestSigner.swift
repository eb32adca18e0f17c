// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import S3Protocol
import StorageTypes
import Testing

/// Signs requests as a client does, written from the specification and apart from the code under test: strings all the
/// way, and the caller gives the canonical path and query.
struct TestSigner {
    static let accessKey = "AKIAIOSFODNN7EXAMPLE"
    static let secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    static let date = "20130524T000000Z"
    static let now = Timestamp(seconds: 1_369_353_600)
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    static let credential = Credential(accessKey: accessKey, secretKey: secretKey, account: "123456789012")

    var accessKey = Self.accessKey
    var secretKey = Self.secretKey
    var date = Self.date
    var day = "20130524"
    var region = "us-east-1"
    var service = "s3"
    var terminal = "aws4_request"
    var algorithm = "AWS4-HMAC-SHA256"

    var scope: String { "\(day)/\(region)/\(service)/\(terminal)" }

    static func verifier(
        _ credentials: [Credential] = [credential],
        cache: SigningKeyCache = SigningKeyCache(),
        region: String? = nil
    ) -> SignatureV4 {
        SignatureV4(credentials: StaticCredentials(credentials), cache: cache, region: region)
    }

    func signingKey() -> [UInt8] {
        [day, region, service, terminal].reduce(Array(("AWS4" + secretKey).utf8)) { key, part in
            HMACSHA256.authenticate(key: key, message: Array(part.utf8)).bytes
        }
    }

    func sign(_ text: String) -> String {
        HMACSHA256.authenticate(key: signingKey(), message: Array(text.utf8)).hex
    }

    /// The signature of a request. - Parameter headers: all are signed; lower-case names.
    func signature(
        _ method: String,
        _ path: String,
        _ query: String,
        _ headers: [(String, String)],
        payload: String
    ) -> String {
        let sorted = headers.sorted { $0.0 < $1.0 }
        let canonical =
            "\(method)\n\(path)\n\(query)\n" + sorted.map { "\($0.0):\($0.1)\n" }.joined() + "\n"
            + sorted.map(\.0).joined(separator: ";") + "\n" + payload
        return sign("\(algorithm)\n\(date)\n\(scope)\n" + SHA256.hash(Array(canonical.utf8)).hex)
    }

    /// A request signed in its header.
    func request(
        _ method: String = "GET",
        path: String = "/bucket/key",
        rawPath: String? = nil,
        query: String = "",
        rawQuery: String? = nil,
        headers: [(String, String)] = [],
        payload: String = TestSigner.emptyHash,
        now: Timestamp = TestSigner.now
    ) throws -> RequestSignatureInput {
        let signed =
            headers + [("host", "localhost"), ("x-amz-date", date), ("x-amz-content-sha256", payload)]
        let signature = signature(method, path, query, signed, payload: payload)
        let names = signed.map(\.0).sorted().joined(separator: ";")
        let authorization =
            "\(algorithm) Credential=\(accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return try Self.input(
            method,
            rawPath ?? path,
            rawQuery ?? (query.isEmpty ? nil : query),
            signed + [("authorization", authorization)],
            now: now,
        )
    }

    static func input(
        _ method: String,
        _ rawPath: String,
        _ rawQuery: String?,
        _ headers: [(String, String)],
        now: Timestamp = TestSigner.now
    ) throws -> RequestSignatureInput {
        RequestSignatureInput(
            method: method,
            rawPath: rawPath,
            rawQuery: rawQuery,
            query: try S3Query(parsing: rawQuery),
            headers: S3Headers(headers),
            now: now,
        )
    }

    /// A presigned request. - Parameter parameters: replace or (with nil) remove those of the signature.
    func presigned(
        _ method: String = "GET",
        path: String = "/bucket/key",
        expires: String = "3600",
        headers: [(String, String)] = [],
        payload: String = "UNSIGNED-PAYLOAD",
        replacing parameters: [String: String?] = [:],
        now: Timestamp = TestSigner.now
    ) throws -> RequestSignatureInput {
        let signed = headers + [("host", "localhost")]
        var query: [String: String] = [
            "X-Amz-Algorithm": algorithm,
            "X-Amz-Credential": "\(accessKey)/\(scope)",
            "X-Amz-Date": date,
            "X-Amz-Expires": expires,
            "X-Amz-SignedHeaders": signed.map(\.0).sorted().joined(separator: ";"),
        ]
        for (name, value) in parameters where name != "X-Amz-Signature" { query[name] = value }
        func text() -> String {
            query.sorted { $0.key < $1.key }
                .map { "\($0.key)=" + PercentEncoding.encode(Array($0.value.utf8), keepsSlash: false) }
                .joined(separator: "&")
        }
        query["X-Amz-Signature"] = signature(method, path, text(), signed, payload: payload)
        if let replacement = parameters["X-Amz-Signature"] { query["X-Amz-Signature"] = replacement }
        return try Self.input(method, path, text(), headers + [("host", "localhost")], now: now)
    }
}
