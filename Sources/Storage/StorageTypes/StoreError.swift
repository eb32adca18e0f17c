// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a store may refuse, and why; one table per protocol turns the code into an answer.
package struct StoreError: Error, Sendable {
    /// The closed set of reasons. Switch over it without `default`, so that a new one breaks each table.
    package enum Code: Sendable, Hashable, CaseIterable {
        // The request
        case invalidArgument, invalidURI, keyTooLong, invalidBucketName, metadataTooLarge
        case entityTooLarge, entityTooSmall, incompleteBody, badDigest, invalidDigest, payloadHashMismatch
        case signatureMismatch, invalidRequest, malformedTrailer, invalidChunkSize, requestTimeout
        // Buckets
        case noSuchBucket, bucketAlreadyOwnedByYou, bucketAlreadyExists, bucketNotEmpty, noSuchBucketPolicy
        // Objects
        case noSuchKey, noSuchVersion, preconditionFailed, conditionalConflict, accessDenied
        // Multipart
        case noSuchUpload, invalidPart, invalidPartOrder, invalidRange
        // The store
        case notImplemented, slowDown, insufficientStorage, unavailable, corrupted, ioFailure, cancelled
    }

    /// Values that the answer shows beside the code.
    package enum Details: Sendable, Hashable {
        case none
        case bucket(String)
        case key(ObjectKey)
        case argument(name: String, value: String)
        case size(actual: UInt64, limit: UInt64)
        case part(uploadID: String, number: Int, etag: String)
        case partSize(actual: UInt64, limit: UInt64, number: Int, etag: String)
        case digest(expected: String, calculated: String)
        case upload(String)
        case condition(String)
    }

    package let code: Code
    /// What failed and the value seen, lower case, no full stop; nil where the code says it all. Fit for a client.
    package let message: String?
    package let details: Details
    /// For the log only: paths, offsets, system errors. Never leaves the appliance.
    package let diagnosis: String?

    package init(_ code: Code, _ message: String? = nil, details: Details = .none, diagnosis: String? = nil) {
        self.code = code
        self.message = message
        self.details = details
        self.diagnosis = diagnosis
    }
}

extension StoreError: Equatable {
    /// Only the code counts, so that a test names what it expects and no more.
    package static func == (left: StoreError, right: StoreError) -> Bool {
        left.code == right.code
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        var text = "\(code)"
        if let message { text += ": \(message)" }
        if let diagnosis { text += " (\(diagnosis))" }
        return text
    }
}
