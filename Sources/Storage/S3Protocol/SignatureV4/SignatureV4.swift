// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// Authenticates requests by AWS signature version 4, in the Authorization header or in the query
/// (`spec/s3.md` §2.1, §2.2, profile `aws`).
///
/// Never blocks. Costs one canonical request, two SHA-256 and one HMAC when the signing key is cached; the slow paths
/// (other spellings of path and query, the texts for the client) run only after a mismatch.
package struct SignatureV4: Sendable {
    package static let clockSkewSecondsMax: Int64 = 900
    package static let presignedSecondsMax: Int64 = 604_800

    let credentials: any CredentialLookup
    let cache: SigningKeyCache
    let region: String?

    /// - Parameter region: the only one accepted in scopes; nil accepts any.
    package init(credentials: any CredentialLookup, cache: SigningKeyCache = SigningKeyCache(), region: String? = nil) {
        self.credentials = credentials
        self.cache = cache
        self.region = region
    }

    /// - Throws: everything of `spec/s3.md` §2.2 and §11.1; the request's body is not looked at.
    package func authenticate(_ input: RequestSignatureInput) throws(S3Error) -> AuthenticatedRequest {
        let isPresigned = Self.isPresigned(input.query)
        let authorizationCount = input.headers.count(of: "authorization")
        if authorizationCount == 0, !isPresigned {
            if Self.isPresignedV2(input.query) { throw Self.unsupportedVersion }
            return try anonymous(input)
        }
        guard authorizationCount <= 1, authorizationCount == 0 || !isPresigned else {
            throw S3Error(
                .invalidArgument,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    + "parameter or the Authorization header should be specified",
            )
        }
        return try isPresigned ? presigned(input) : signedInHeader(input)
    }

    private static func isPresigned(_ query: S3Query) -> Bool {
        !query.isEmpty
            && (query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature") || query.has("X-Amz-Credential"))
    }

    private static func isPresignedV2(_ query: S3Query) -> Bool {
        !query.isEmpty && query.has("AWSAccessKeyId") && query.has("Signature")
    }

    static var unsupportedVersion: S3Error {
        S3Error(
            .invalidRequest,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        )
    }

    private func anonymous(_ input: RequestSignatureInput) throws(S3Error) -> AuthenticatedRequest {
        var payload = PayloadCoding.unsigned
        if let value = input.headers.first("x-amz-content-sha256") {
            payload = try PayloadCoding(header: value)
            if case .streamingSigned = payload {
                throw S3Error(
                    .invalidRequest,
                    "Anonymous requests don't support this x-amz-content-sha256 value. Please use UNSIGNED-PAYLOAD or "
                        + "STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
                )
            }
        }
        return AuthenticatedRequest(
            credential: nil,
            payload: payload,
            chunkSigning: nil,
            isPresigned: false,
            signedAt: nil,
        )
    }
}

/// The scope part of a credential: `{key}/{yyyymmdd}/{region}/s3/aws4_request`.
struct CredentialScope {
    let accessKey: String
    let day: Substring
    let region: Substring
    /// Everything behind the access key.
    let text: Substring

    /// - Parameters:
    ///   - requestDay: the first eight digits of the request's date.
    ///   - malformed: makes the error of the mechanism in use.
    init(
        _ credential: Substring,
        requestDay: Substring,
        region expected: String?,
        malformed: (_ message: String, _ extras: [S3Error.Extra]) -> S3Error
    ) throws(S3Error) {
        let pieces = credential.pieces(UInt8(ascii: "/"), countMax: 65)
        guard pieces.count >= 5, pieces.count <= 64 else {
            throw malformed(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
                [],
            )
        }
        // An access key may hold slashes, the four fields behind it can't.
        let scope = [Substring](pieces.suffix(4))
        let day = scope[0]
        guard day.utf8.count == 8, day.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw malformed(
                "incorrect date format \"\(day)\". This date in the credential must be in the format \"yyyyMMdd\".",
                [],
            )
        }
        guard day == requestDay else {
            throw malformed(
                "Invalid credential date \"\(day)\". This date is not the same as X-Amz-Date: \"\(requestDay)\".",
                [],
            )
        }
        if let expected, scope[1] != expected {
            throw malformed(
                "the region '\(scope[1])' is wrong; expecting '\(expected)'",
                [S3Error.Extra("Region", expected)],
            )
        }
        guard scope[2] == "s3" else {
            throw malformed("incorrect service \"\(scope[2])\". This endpoint belongs to \"s3\".", [])
        }
        guard scope[3] == "aws4_request" else {
            throw malformed("incorrect terminal \"\(scope[3])\". This endpoint uses \"aws4_request\".", [])
        }
        self.day = day
        self.region = scope[1]
        self.text = credential[day.startIndex...]
        self.accessKey = String(credential[..<credential.utf8.index(before: day.startIndex)])
    }
}
