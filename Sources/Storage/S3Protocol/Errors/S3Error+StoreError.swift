// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

extension S3Error {
    /// What a client is told about a store's refusal. The store's diagnosis stays inside.
    package init(_ error: StoreError) {
        self.init(Self.code(of: error.code), Self.sentence(error), extras: Self.extras(error))
    }

    private static func code(of code: StoreError.Code) -> S3ErrorCode {
        switch code {
        case .invalidArgument: .invalidArgument
        case .invalidURI: .invalidURI
        case .keyTooLong: .keyTooLongError
        case .invalidBucketName: .invalidBucketName
        case .metadataTooLarge: .metadataTooLarge
        case .entityTooLarge: .entityTooLarge
        case .entityTooSmall: .entityTooSmall
        case .incompleteBody: .incompleteBody
        case .badDigest: .badDigest
        case .invalidDigest: .invalidDigest
        case .payloadHashMismatch: .xAmzContentSHA256Mismatch
        case .signatureMismatch: .signatureDoesNotMatch
        case .invalidRequest: .invalidRequest
        case .malformedTrailer: .malformedTrailerError
        case .invalidChunkSize: .invalidChunkSizeError
        case .requestTimeout: .requestTimeout
        case .noSuchBucket: .noSuchBucket
        case .bucketAlreadyOwnedByYou: .bucketAlreadyOwnedByYou
        case .bucketAlreadyExists: .bucketAlreadyExists
        case .bucketNotEmpty: .bucketNotEmpty
        case .noSuchBucketPolicy: .noSuchBucketPolicy
        case .noSuchKey: .noSuchKey
        case .noSuchVersion: .noSuchVersion
        case .preconditionFailed: .preconditionFailed
        case .conditionalConflict: .conditionalRequestConflict
        case .accessDenied: .accessDenied
        case .noSuchUpload: .noSuchUpload
        case .invalidPart: .invalidPart
        case .invalidPartOrder: .invalidPartOrder
        case .invalidRange: .invalidRange
        case .notImplemented: .notImplemented
        case .slowDown: .slowDown
        case .insufficientStorage: .insufficientStorage
        case .unavailable: .serviceUnavailable
        case .corrupted, .ioFailure: .internalError
        case .cancelled: .requestTimeout
        }
    }

    /// The store's own words only where they are about the request; the server's troubles are told by the code alone.
    private static func sentence(_ error: StoreError) -> String? {
        switch error.code {
        case .invalidArgument, .invalidRequest, .notImplemented, .malformedTrailer, .invalidDigest: error.message
        default: nil
        }
    }

    private static func extras(_ error: StoreError) -> [Extra] {
        switch error.details {
        case .none:
            []
        case .bucket(let name):
            [Extra("BucketName", name)]
        case .key(let key):
            [Extra("Key", key.string)]
        case .argument(let name, let value):
            [Extra("ArgumentName", name), Extra("ArgumentValue", value)]
        case .size(let actual, let limit):
            sizeExtras(error.code, actual: actual, limit: limit)
        case .part(let uploadID, let number, let etag):
            [Extra("UploadId", uploadID), Extra("PartNumber", String(number)), Extra("ETag", etag)]
        case .partSize(let actual, let limit, let number, let etag):
            [
                Extra("ProposedSize", String(actual)), Extra("MinSizeAllowed", String(limit)),
                Extra("PartNumber", String(number)), Extra("ETag", etag),
            ]
        case .digest(let expected, let calculated):
            error.code == .payloadHashMismatch
                ? [Extra("ClientComputedContentSHA256", expected), Extra("S3ComputedContentSHA256", calculated)]
                : [Extra("ExpectedDigest", expected), Extra("CalculatedDigest", calculated)]
        case .upload(let uploadID):
            [Extra("UploadId", uploadID)]
        case .condition(let name):
            [Extra("Condition", name)]
        }
    }

    private static func sizeExtras(_ code: StoreError.Code, actual: UInt64, limit: UInt64) -> [Extra] {
        switch code {
        case .keyTooLong, .metadataTooLarge: [Extra("Size", String(actual)), Extra("MaxSizeAllowed", String(limit))]
        case .entityTooSmall: [Extra("ProposedSize", String(actual)), Extra("MinSizeAllowed", String(limit))]
        case .incompleteBody:
            [Extra("NumberBytesExpected", String(limit)), Extra("NumberBytesProvided", String(actual))]
        case .invalidRange: [Extra("ActualObjectSize", String(actual))]
        default: [Extra("ProposedSize", String(actual)), Extra("MaxSizeAllowed", String(limit))]
        }
    }
}
