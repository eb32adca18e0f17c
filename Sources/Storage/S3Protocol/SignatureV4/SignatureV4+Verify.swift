// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

extension SignatureV4 {
    /// The secret's owner, with everything that can be wrong about a key or its session.
    func credential(
        _ accessKey: String,
        token: String?,
        _ input: RequestSignatureInput
    ) throws(S3Error) -> Credential {
        guard let credential = credentials.credential(for: accessKey), credential.isActive else {
            throw S3Error(.invalidAccessKeyId, extras: [S3Error.Extra("AWSAccessKeyId", accessKey)])
        }
        // Who knows the key but not the token, or has a token that belongs to no session, learns no more than that.
        guard Self.equal(credential.sessionToken, token) else {
            throw S3Error(.invalidToken, extras: [S3Error.Extra("Token-0", token ?? "")])
        }
        if let expiration = credential.expiration, expiration <= input.now {
            throw S3Error(.expiredToken, extras: [S3Error.Extra("Token-0", token ?? "")])
        }
        return credential
    }

    /// `host` and every `x-amz-*` line must be covered by the signature.
    static func checkSigned(_ signed: SignedHeaderList, _ headers: S3Headers) throws(S3Error) {
        var missing: [String] = []
        if !signed.contains("host") { missing.append("host") }
        for line in headers.lines where isAmazonHeader(line, headers) && !signed.contains(line, of: headers) {
            let end = line.nameStart + line.nameCount
            missing.append(String(decoding: headers.bytes[line.nameStart..<end], as: UTF8.self))
        }
        guard missing.isEmpty else {
            throw S3Error(
                .accessDenied,
                "There were headers present in the request which were not signed",
                extras: [S3Error.Extra("HeadersNotSigned", missing.joined(separator: ", "))],
            )
        }
    }

    private static func isAmazonHeader(_ line: S3Headers.Line, _ headers: S3Headers) -> Bool {
        guard line.nameCount > 6 else { return false }
        let prefix: StaticString = "x-amz-"
        return prefix.withUTF8Buffer { headers.bytes[line.nameStart..<line.nameStart + 6].elementsEqual($0) }
    }

    /// Checks the signature over `canonical`, trying the client's own spelling of path and query after the normal one.
    func verify(
        _ canonical: CanonicalRequest,
        date: String,
        scope: CredentialScope,
        credential: Credential,
        signature: Substring
    ) throws(S3Error) -> ChunkSigningContext {
        let cached = cache.key(for: credential, day: scope.day, region: scope.region)
        let key =
            cached ?? SigningKey.derive(secretKey: credential.secretKey, day: scope.day, region: scope.region)
        let provided = Hex.decode(signature.utf8).flatMap { $0.count == 32 ? SHA256Digest(bytes: $0) : nil }
        let request = canonical.bytes(path: .normalised, query: .normalised)
        let toSign = Self.stringToSign(request, date: date, scope: scope.text)
        guard let provided, matches(provided, key, toSign, canonical, request, date: date, scope: scope.text) else {
            throw Self.mismatch(request, toSign, accessKey: scope.accessKey, signature: signature)
        }
        if cached == nil { cache.insert(key, for: credential, day: scope.day, region: scope.region) }
        return ChunkSigningContext(
            key: key,
            date: date,
            scope: scope.text,
            seedSignature: provided,
            accessKey: scope.accessKey,
        )
    }

    private func matches(
        _ provided: SHA256Digest,
        _ key: SigningKey,
        _ toSign: [UInt8],
        _ canonical: CanonicalRequest,
        _ request: [UInt8],
        date: String,
        scope: Substring
    ) -> Bool {
        if key.authenticate(toSign).equalsInConstantTime(provided) { return true }
        // At most five more, and only those that differ from what was tried.
        var tried = [request]
        for path in [CanonicalRequest.PathForm.normalised, .raw] {
            for query in CanonicalRequest.QueryForm.allCases {
                let other = canonical.bytes(path: path, query: query)
                if tried.contains(other) { continue }
                tried.append(other)
                let text = Self.stringToSign(other, date: date, scope: scope)
                if key.authenticate(text).equalsInConstantTime(provided) { return true }
            }
        }
        return false
    }

    private static func stringToSign(_ request: [UInt8], date: String, scope: Substring) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(160)
        text.append(contentsOf: "AWS4-HMAC-SHA256\n".utf8)
        text.append(contentsOf: date.utf8)
        text.append(0x0A)
        scope.utf8.withBytes { text.append(contentsOf: $0) }
        text.append(0x0A)
        SHA256.hash(request).appendHex(to: &text)
        return text
    }

    private static func mismatch(
        _ request: [UInt8],
        _ toSign: [UInt8],
        accessKey: String,
        signature: Substring
    ) -> S3Error {
        S3Error(
            .signatureDoesNotMatch,
            extras: [
                S3Error.Extra("AWSAccessKeyId", accessKey),
                S3Error.Extra("StringToSign", String(decoding: toSign, as: UTF8.self)),
                S3Error.Extra("SignatureProvided", String(signature)),
                S3Error.Extra("StringToSignBytes", hexDump(toSign)),
                S3Error.Extra("CanonicalRequest", String(decoding: request, as: UTF8.self)),
                S3Error.Extra("CanonicalRequestBytes", hexDump(request)),
            ],
        )
    }

    /// `41 42 43`, as AWS shows bytes.
    private static func hexDump(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 3)
        for (index, byte) in bytes.enumerated() {
            if index > 0 { output.append(0x20) }
            for digit in [byte >> 4, byte & 15] { output.append(digit < 10 ? digit &+ 48 : digit &+ 87) }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Both absent, or equal; the time depends on the length only.
    private static func equal(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        guard left.utf8.count == right.utf8.count else { return false }
        var difference: UInt8 = 0
        for (first, second) in zip(left.utf8, right.utf8) { difference |= first ^ second }
        return difference == 0
    }
}
