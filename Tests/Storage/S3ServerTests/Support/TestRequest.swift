// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// A request as a test describes it; `head` and `bytes` are what goes on the wire.
struct TestRequest: Sendable {
    enum Signing: Sendable {
        case none
        case header
        case query(expires: String)
    }

    var method: String
    /// Percent-encoded.
    var path: String
    /// Decoded.
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    var signing = Signing.header
    /// What x-amz-content-sha256 says; nil for the hash of the body.
    var payloadHash: String?
    var host = "127.0.0.1"
    /// The Content-Length header, if it is not the body's length; empty for none.
    var contentLength: String?
    /// Changes the signature's parts, for requests that are signed wrongly.
    var adjust: @Sendable (inout TestSigner) -> Void = { _ in }
    /// Headers that are sent but not signed.
    var unsignedHeaders: [(String, String)] = []

    init(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        headers: [(String, String)] = [],
        body: [UInt8] = [],
        signing: Signing = .header
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.signing = signing
    }

    /// The request signed at `now`, with everything a test may want to take apart.
    func signed(at now: Timestamp) -> (head: String, signature: String, signer: TestSigner) {
        var signer = TestSigner(now: now)
        adjust(&signer)
        var query = query
        var headers = [("host", host)] + headers
        var signature = ""
        switch signing {
        case .none:
            break
        case .header:
            let hash = payloadHash ?? SHA256.hash(body).hex
            headers += [("x-amz-date", signer.date), ("x-amz-content-sha256", hash)]
            let canonical = TestSigner.canonical(
                method: method,
                path: path,
                query: query,
                headers: headers,
                payloadHash: hash
            )
            signature = signer.signature(of: canonical)
            let names = headers.map { $0.0.lowercased() }.sorted().joined(separator: ";")
            headers.append(
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=\(signer.accessKey)/\(signer.scope), "
                        + "SignedHeaders=\(names), Signature=\(signature)"
                )
            )
        case .query(let expires):
            let names = headers.map { $0.0.lowercased() }.sorted().joined(separator: ";")
            query += [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(signer.accessKey)/\(signer.scope)"),
                ("X-Amz-Date", signer.date), ("X-Amz-Expires", expires), ("X-Amz-SignedHeaders", names),
            ]
            let canonical = TestSigner.canonical(
                method: method,
                path: path,
                query: query,
                headers: headers,
                payloadHash: "UNSIGNED-PAYLOAD"
            )
            signature = signer.signature(of: canonical)
            query.append(("X-Amz-Signature", signature))
        }
        var target = path
        if !query.isEmpty {
            target +=
                "?"
                + query.map { name, value in
                    let name = PercentEncoding.encode(Array(name.utf8), keepsSlash: false)
                    return value.isEmpty
                        ? name : name + "=" + PercentEncoding.encode(Array(value.utf8), keepsSlash: false)
                }.joined(separator: "&")
        }
        headers += unsignedHeaders
        let hasLength = headers.contains { $0.0.lowercased() == "transfer-encoding" }
        if let contentLength {
            if !contentLength.isEmpty { headers.append(("content-length", contentLength)) }
        } else if !hasLength, !body.isEmpty || method == "PUT" || method == "POST" {
            headers.append(("content-length", "\(body.count)"))
        }
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return ("\(method) \(target) HTTP/1.1\r\n\(lines)\r\n", signature, signer)
    }
}
