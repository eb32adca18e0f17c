// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

extension SignatureV4 {
    func presigned(_ input: RequestSignatureInput) throws(S3Error) -> AuthenticatedRequest {
        let query = input.query
        let algorithm = try Self.parameter("X-Amz-Algorithm", query)
        switch algorithm {
        case "AWS4-HMAC-SHA256": break
        case "AWS4-ECDSA-P256-SHA256": throw S3Error.notImplemented(resource: "AWS4-ECDSA-P256-SHA256")
        default: throw Self.invalidQuery("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"", [])
        }
        let credentialText = try Self.parameter("X-Amz-Credential", query)
        let dateText = try Self.parameter("X-Amz-Date", query)
        let expiresText = try Self.parameter("X-Amz-Expires", query)
        let signedHeadersText = try Self.parameter("X-Amz-SignedHeaders", query)
        let signature = try Self.parameter("X-Amz-Signature", query)

        guard let date = ISO8601.parseBasic(dateText) else {
            throw Self.invalidQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"", [])
        }
        let lifetime = try Self.lifetime(expiresText)
        let scope = try CredentialScope(
            credentialText[...],
            requestDay: dateText.prefix(utf8Count: 8),
            region: region,
        ) { message, extras in
            Self.invalidQuery("Error parsing the X-Amz-Credential parameter; " + message, extras)
        }
        guard let signedHeaders = SignedHeaderList(signedHeadersText[...]) else {
            throw Self.invalidQuery("X-Amz-SignedHeaders is not valid.", [])
        }
        // Header before parameter: a header can't be changed without breaking a signature that covers it.
        let declared = input.headers.first("x-amz-content-sha256") ?? query.first("X-Amz-Content-Sha256")
        let payload = try declared.map { text throws(S3Error) in try PayloadCoding(header: text) } ?? .unsigned
        try Self.checkWindow(date, dateText: dateText, lifetime: lifetime, now: input.now)
        let token = query.first("X-Amz-Security-Token") ?? input.headers.first("x-amz-security-token")
        let credential = try self.credential(scope.accessKey, token: token, input)
        try Self.checkSigned(signedHeaders, input.headers)
        let chunkSigning = try verify(
            CanonicalRequest(input: input, signedHeaders: signedHeaders, payloadHash: declared ?? "UNSIGNED-PAYLOAD"),
            date: dateText,
            scope: scope,
            credential: credential,
            signature: signature[...],
        )
        return AuthenticatedRequest(
            credential: credential,
            payload: payload,
            chunkSigning: chunkSigning,
            isPresigned: true,
            signedAt: date,
        )
    }

    private static func invalidQuery(_ message: String, _ extras: [S3Error.Extra]) -> S3Error {
        S3Error(.authorizationQueryParametersError, message, extras: extras)
    }

    private static func parameter(_ name: String, _ query: S3Query) throws(S3Error) -> String {
        guard let value = query.first(name), !value.isEmpty else {
            throw invalidQuery(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
                    + "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                [],
            )
        }
        return value
    }

    /// Seconds, 1…604,800.
    private static func lifetime(_ text: String) throws(S3Error) -> Int64 {
        guard let seconds = Int64(text) else { throw invalidQuery("X-Amz-Expires should be a number", []) }
        guard seconds > 0 else { throw invalidQuery("X-Amz-Expires must be positive", []) }
        guard seconds <= presignedSecondsMax else {
            throw invalidQuery(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                    + "604800 seconds",
                [],
            )
        }
        return seconds
    }

    private static func checkWindow(
        _ date: Timestamp,
        dateText: String,
        lifetime: Int64,
        now: Timestamp
    ) throws(S3Error) {
        guard date.seconds <= now.seconds + clockSkewSecondsMax else {
            throw S3Error(
                .accessDenied,
                "Request is not yet valid",
                extras: [
                    S3Error.Extra("X-Amz-Date", dateText),
                    S3Error.Extra("ServerTime", ISO8601.format(now)),
                ],
            )
        }
        guard now.seconds <= date.seconds + lifetime else {
            let end = Timestamp(nanoseconds: date.nanoseconds.addingClamped(lifetime * 1_000_000_000))
            throw S3Error(
                .accessDenied,
                "Request has expired",
                extras: [
                    S3Error.Extra("X-Amz-Expires", String(lifetime)),
                    S3Error.Extra("Expires", ISO8601.format(end)),
                    S3Error.Extra("ServerTime", ISO8601.format(now)),
                ],
            )
        }
    }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
