// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

extension SignatureV4 {
    /// The three fields of the Authorization header.
    private struct Fields {
        var credential: Substring
        var signedHeaders: Substring
        var signature: Substring
    }

    func signedInHeader(_ input: RequestSignatureInput) throws(S3Error) -> AuthenticatedRequest {
        let fields = try Self.fields(input.headers.first("authorization") ?? "")
        let date = try Self.date(input.headers)
        let scope = try CredentialScope(
            fields.credential,
            requestDay: date.text.prefix(utf8Count: 8),
            region: region,
            malformed: Self.malformed,
        )
        guard let signedHeaders = SignedHeaderList(fields.signedHeaders) else {
            throw Self.malformed("the SignedHeaders parameter is not valid.", [])
        }
        guard let payloadHash = input.headers.first("x-amz-content-sha256") else {
            throw S3Error(
                .invalidRequest,
                "Missing required header for this request: x-amz-content-sha256",
                extras: [S3Error.Extra("MissingHeaderName", "x-amz-content-sha256")],
            )
        }
        let payload = try PayloadCoding(header: payloadHash)
        try Self.checkSkew(date.time, text: date.text, now: input.now)
        let credential = try self.credential(scope.accessKey, token: input.headers.first("x-amz-security-token"), input)
        try Self.checkSigned(signedHeaders, input.headers)
        let chunkSigning = try verify(
            CanonicalRequest(input: input, signedHeaders: signedHeaders, payloadHash: payloadHash),
            date: date.text,
            scope: scope,
            credential: credential,
            signature: fields.signature,
        )
        return AuthenticatedRequest(
            credential: credential,
            payload: payload,
            chunkSigning: chunkSigning,
            isPresigned: false,
            signedAt: date.time,
        )
    }

    static func malformed(_ message: String, _ extras: [S3Error.Extra]) -> S3Error {
        S3Error(
            .authorizationHeaderMalformed,
            "The authorization header is malformed; " + message,
            extras: extras,
        )
    }

    private static func fields(_ header: String) throws(S3Error) -> Fields {
        let header = header[...]
        guard !header.isEmpty else { throw S3Error(.accessDenied) }
        guard let space = header.index(of: UInt8(ascii: " ")) else {
            throw S3Error.invalidArgument(
                "Authorization header is invalid -- one and only one ' ' (space) required",
                name: "Authorization",
                value: String(header),
            )
        }
        let scheme = header[..<space]
        guard scheme == "AWS4-HMAC-SHA256" else { throw unsupported(scheme, header) }
        var credential: Substring?
        var signedHeaders: Substring?
        var signature: Substring?
        for piece in header[space...].pieces(UInt8(ascii: ","), countMax: 9) {
            let field = piece.trimmed
            guard let equals = field.index(of: UInt8(ascii: "=")) else { continue }
            let value = field[field.utf8.index(after: equals)...]
            switch field[..<equals] {
            case "Credential": credential = value
            case "SignedHeaders": signedHeaders = value
            case "Signature": signature = value
            default: continue
            }
        }
        guard let credential, !credential.isEmpty else { throw missing("Credential") }
        guard let signedHeaders, !signedHeaders.isEmpty else { throw missing("SignedHeaders") }
        guard let signature, !signature.isEmpty else { throw missing("Signature") }
        return Fields(credential: credential, signedHeaders: signedHeaders, signature: signature)
    }

    private static func missing(_ field: String) -> S3Error {
        malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature. "
                + "Missing: \(field)",
            []
        )
    }

    /// `spec/s3.md` §2.1: what is known is named, what is not is an invalid argument.
    private static func unsupported(_ scheme: Substring, _ header: Substring) -> S3Error {
        switch scheme {
        case "AWS" where header.utf8.contains(UInt8(ascii: ":")):
            unsupportedVersion
        case "AWS4-ECDSA-P256-SHA256":
            S3Error.notImplemented(header: "Authorization")
        default:
            S3Error.invalidArgument("Unsupported Authorization Type", name: "Authorization", value: String(header))
        }
    }

    /// The request's date: `x-amz-date`, else `Date`; its basic ISO form and the instant.
    private static func date(_ headers: S3Headers) throws(S3Error) -> (text: String, time: Timestamp) {
        if let text = headers.first("x-amz-date") {
            if let time = ISO8601.parseBasic(text) { return (text, time) }
            // RFC 1123 is accepted in x-amz-date as well.
            if let time = HTTPDate.parse(text) { return (ISO8601.formatBasic(time), time) }
        } else if let text = headers.first("date") {
            if let time = HTTPDate.parse(text) { return (ISO8601.formatBasic(time), time) }
            if let time = ISO8601.parseBasic(text) { return (text, time) }
        }
        throw S3Error(.accessDenied, "AWS authentication requires a valid Date or x-amz-date header")
    }

    private static func checkSkew(_ time: Timestamp, text: String, now: Timestamp) throws(S3Error) {
        let (difference, overflow) = now.nanoseconds.subtractingReportingOverflow(time.nanoseconds)
        guard !overflow, difference.magnitude <= UInt64(clockSkewSecondsMax) * 1_000_000_000 else {
            throw skewed(text, now: now)
        }
    }

    static func skewed(_ text: String, now: Timestamp) -> S3Error {
        S3Error(
            .requestTimeTooSkewed,
            extras: [
                S3Error.Extra("RequestTime", text),
                S3Error.Extra("ServerTime", ISO8601.format(now)),
                S3Error.Extra("MaxAllowedSkewMilliseconds", String(clockSkewSecondsMax * 1_000)),
            ],
        )
    }
}
