// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import BenchmarkDoor
import Glibc

/// Makes request heads, signed (SigV4, payload unsigned) or anonymous.
///
/// A signature holds for fifteen minutes, so each head is made once and sent often: the generator stays cheap and
/// the server has to verify all the same.
struct RequestBuilder {
    var host: String
    var accessKey: String?
    var secretKey = ""
    var region = "us-east-1"
    var headers: [String] = []

    /// - Parameters:
    ///   - path: percent-encoded already.
    ///   - query: encoded and sorted already, without "?".
    func head(_ method: String, path: String, query: String = "", contentLength: Int? = nil) -> [UInt8] {
        var text = "\(method) \(path)\(query.isEmpty ? "" : "?" + query) HTTP/1.1\r\nHost: \(host)\r\n"
        for line in headers { text += line + "\r\n" }
        if let contentLength { text += "Content-Length: \(contentLength)\r\n" }
        if let accessKey { text += authorization(method, path, query, accessKey) }
        return Array((text + "\r\n").utf8)
    }

    private func authorization(_ method: String, _ path: String, _ query: String, _ accessKey: String) -> String {
        let date = Self.now()
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let signed = "host;x-amz-content-sha256;x-amz-date"
        let canonical = """
            \(method)
            \(path)
            \(query)
            host:\(host)
            x-amz-content-sha256:UNSIGNED-PAYLOAD
            x-amz-date:\(date)

            \(signed)
            UNSIGNED-PAYLOAD
            """
        let toSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(hex(Digests.sha256(Array(canonical.utf8))))"
        var key = Array("AWS4\(secretKey)".utf8)
        for part in [day, region, "s3", "aws4_request"] { key = Digests.hmacSHA256(key: key, Array(part.utf8)) }
        let signature = hex(Digests.hmacSHA256(key: key, Array(toSign.utf8)))
        return "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\nx-amz-date: \(date)\r\n"
            + "Authorization: AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(signed), "
            + "Signature=\(signature)\r\n"
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func now() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }
}
