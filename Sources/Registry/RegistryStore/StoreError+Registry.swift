// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import OCIModel
package import StorageTypes

extension RegistryError {
    /// What a refusal of the store means to a registry client, where the place that asked knows nothing better.
    package init(_ error: StoreError) {
        let diagnosis = error.description
        switch error.code {
        case .badDigest, .invalidDigest, .payloadHashMismatch:
            self.init(.digestInvalid, diagnosis: diagnosis)
        case .incompleteBody:
            self.init(.sizeInvalid, "the body ended before its announced length", diagnosis: diagnosis)
        case .invalidRequest, .malformedTrailer, .invalidChunkSize:
            self.init(.blobUploadInvalid, "the body can't be read", diagnosis: diagnosis)
        case .entityTooLarge, .entityTooSmall:
            self.init(.sizeInvalid, "the content is larger than this registry takes", status: 413, diagnosis: diagnosis)
        case .requestTimeout:
            self.init(.blobUploadInvalid, "the body took too long to arrive", status: 408, diagnosis: diagnosis)
        case .noSuchUpload:
            self.init(.blobUploadUnknown, diagnosis: diagnosis)
        case .slowDown:
            self.init(.tooManyRequests, diagnosis: diagnosis)
        case .insufficientStorage:
            self.init(.unavailable, "no space left for new content", diagnosis: diagnosis)
        case .unavailable, .cancelled:
            self.init(.unavailable, diagnosis: diagnosis)
        case .conditionalConflict, .preconditionFailed:
            self.init(.unavailable, "another change was faster; try again", diagnosis: diagnosis)
        // What follows is never the client's doing: the registry asked for something that can't be.
        case .corrupted, .ioFailure, .notImplemented, .accessDenied, .noSuchBucket, .bucketAlreadyOwnedByYou,
            .bucketAlreadyExists, .bucketNotEmpty, .noSuchBucketPolicy, .noSuchKey, .noSuchVersion, .invalidPart,
            .invalidPartOrder, .invalidRange, .invalidArgument, .invalidURI, .keyTooLong, .invalidBucketName,
            .metadataTooLarge, .signatureMismatch:
            self.init(.unknown, diagnosis: diagnosis)
        }
    }
}
