// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes
import Testing

@Suite struct S3ErrorTests {
    /// §11: every status that is not 400.
    private static let statuses: [Int: Set<String>] = [
        301: ["PermanentRedirect"],
        304: ["NotModified"],
        307: ["TemporaryRedirect", "Redirect"],
        401: ["UnauthorizedAccess"],
        403: [
            "AccessDenied", "AccountProblem", "AllAccessDisabled", "NotSignedUp", "InvalidAccessKeyId",
            "InvalidSecurity", "InvalidPayer", "SignatureDoesNotMatch", "RequestTimeTooSkewed",
            "MissingAuthenticationToken", "AccessForbidden", "QuotaExceeded", "InvalidObjectState",
            "ObjectAlreadyInActiveTierError", "ObjectNotInActiveTierError", "InvalidClientTokenId", "OptInRequired",
        ],
        404: [
            "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration",
            "NoSuchTagSet", "NoSuchWebsiteConfiguration", "NoSuchPublicAccessBlockConfiguration",
            "OwnershipControlsNotFoundError", "ObjectLockConfigurationNotFoundError",
            "ReplicationConfigurationNotFoundError", "ServerSideEncryptionConfigurationNotFoundError",
            "NoSuchConfiguration", "LambdaARNNotFound", "RemoteDestinationNotFoundError", "NoSuchKey", "NoSuchVersion",
            "NoSuchUpload", "NoSuchObjectLockConfiguration", "NoSuchAnnotation",
        ],
        405: ["MethodNotAllowed"],
        409: [
            "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "InvalidBucketState",
            "OperationAborted", "ConditionalRequestConflict", "RestoreAlreadyInProgress",
            "KMS.DefaultKeyAlreadyConfiguredException",
        ],
        411: ["MissingContentLength"],
        412: ["PreconditionFailed"],
        415: ["UnsupportedMediaType"],
        416: ["InvalidRange", "InvalidPartNumber"],
        500: ["InternalError"],
        501: ["NotImplemented"],
        503: ["ServiceUnavailable", "SlowDown", "ServerBusy", "Busy", "GlacierExpeditedRetrievalNotAvailable"],
        507: ["InsufficientStorage"],
    ]

    @Test(arguments: S3ErrorCode.allCases) func `a code has its status and a message`(_ code: S3ErrorCode) {
        let expected = Self.statuses.first { $0.value.contains(code.name) }?.key ?? 400
        #expect(code.status == expected)
        #expect(code == .notModified || !code.defaultMessage.isEmpty)
        #expect(S3ErrorCode(rawValue: code.name) == code)
    }

    @Test func `every code of the table exists`() {
        for name in Self.statuses.values.flatMap({ $0 }) { #expect(S3ErrorCode(rawValue: name) != nil, "\(name)") }
    }

    @Test func `an error document has its elements in order and escaped`() {
        let error = S3Error(.noSuchKey, "no <such> key", extras: [S3Error.Extra("Key", "a&b")])
        let buffer = error.xml(resource: "/bucket/a&b", requestID: "R1", hostID: "H1")
        let expected =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>no &lt;such&gt; key</Message>"
            + "<Key>a&amp;b</Key><Resource>/bucket/a&amp;b</Resource><RequestId>R1</RequestId><HostId>H1</HostId></Error>"
        #expect(String(buffer: buffer) == expected)
    }

    @Test func `the makers name what was wrong`() {
        let argument = S3Error.invalidArgument("m", name: "n", value: "v")
        #expect(argument.extra("ArgumentName") == "n" && argument.extra("ArgumentValue") == "v")
        #expect(S3Error.notImplemented(header: "h").extra("Header") == "h")
        #expect(S3Error.notImplemented(resource: "r").extra("Resource") == "r")
        #expect(S3Error.preconditionFailed("If-Match").extra("Condition") == "If-Match")
        let range = S3Error.invalidRange(requested: "bytes=9-", size: 5)
        #expect(range.extra("RangeRequested") == "bytes=9-" && range.extra("ActualObjectSize") == "5")
        let method = S3Error.methodNotAllowed("PUT", resourceType: "SERVICE")
        #expect(method.extra("Method") == "PUT" && method.extra("ResourceType") == "SERVICE")
    }

    @Test(arguments: [
        (StoreError.Code.noSuchKey, S3ErrorCode.noSuchKey), (.noSuchBucket, .noSuchBucket),
        (.preconditionFailed, .preconditionFailed), (.badDigest, .badDigest), (.corrupted, .internalError),
        (.ioFailure, .internalError), (.unavailable, .serviceUnavailable), (.slowDown, .slowDown),
        (.insufficientStorage, .insufficientStorage), (.payloadHashMismatch, .xAmzContentSHA256Mismatch),
        (.conditionalConflict, .conditionalRequestConflict), (.keyTooLong, .keyTooLongError),
    ])
    func `a store's refusal has its code and keeps its diagnosis`(_ code: StoreError.Code, _ expected: S3ErrorCode) {
        let error = S3Error(StoreError(code, "pack 7 at offset 9"))
        #expect(error.code == expected)
        #expect(!error.message.contains("pack 7"))
    }
}
