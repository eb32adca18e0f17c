// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The error codes of the distribution API, with the three extra ones that clients know (`spec/registry.md` §2).
package enum RegistryErrorCode: String, Sendable, Hashable, CaseIterable {
    case blobUnknown = "BLOB_UNKNOWN"
    case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
    case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
    case digestInvalid = "DIGEST_INVALID"
    case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
    case manifestInvalid = "MANIFEST_INVALID"
    case manifestUnknown = "MANIFEST_UNKNOWN"
    case nameInvalid = "NAME_INVALID"
    case nameUnknown = "NAME_UNKNOWN"
    case sizeInvalid = "SIZE_INVALID"
    case unauthorized = "UNAUTHORIZED"
    case denied = "DENIED"
    case unsupported = "UNSUPPORTED"
    case tooManyRequests = "TOOMANYREQUESTS"
    case rangeInvalid = "RANGE_INVALID"
    case unavailable = "UNAVAILABLE"
    case unknown = "UNKNOWN"

    /// The status the code has unless the occasion says otherwise.
    package var status: Int {
        switch self {
        case .blobUnknown, .blobUploadUnknown, .manifestUnknown, .nameUnknown: 404
        case .blobUploadInvalid, .digestInvalid, .manifestBlobUnknown, .manifestInvalid, .nameInvalid, .sizeInvalid: 400
        case .unauthorized: 401
        case .denied: 403
        case .unsupported: 405
        case .tooManyRequests: 429
        case .rangeInvalid: 416
        case .unavailable: 503
        case .unknown: 500
        }
    }

    package var defaultMessage: String {
        switch self {
        case .blobUnknown: "blob unknown to repository"
        case .blobUploadInvalid: "blob upload invalid"
        case .blobUploadUnknown: "blob upload unknown to registry"
        case .digestInvalid: "provided digest did not match uploaded content"
        case .manifestBlobUnknown: "blob or manifest referenced by the manifest is unknown to repository"
        case .manifestInvalid: "manifest invalid"
        case .manifestUnknown: "manifest unknown"
        case .nameInvalid: "invalid repository name"
        case .nameUnknown: "repository name not known to registry"
        case .sizeInvalid: "provided length did not match content length"
        case .unauthorized: "authentication required"
        case .denied: "requested access to the resource is denied"
        case .unsupported: "the operation is unsupported"
        case .tooManyRequests: "too many requests"
        case .rangeInvalid: "invalid content range"
        case .unavailable: "service unavailable"
        case .unknown: "unknown error"
        }
    }
}

/// Why a request was refused: one status and what the error list of the answer holds.
package struct RegistryError: Error, Sendable, Hashable {
    /// One element of the list.
    package struct Entry: Sendable, Hashable {
        package let code: RegistryErrorCode
        package let message: String
        package let detail: String?
    }

    package let status: Int
    /// At least one.
    package let entries: [Entry]
    /// For the log only; never leaves the appliance.
    package let diagnosis: String?

    package init(
        _ code: RegistryErrorCode,
        _ message: String? = nil,
        detail: String? = nil,
        status: Int? = nil,
        diagnosis: String? = nil
    ) {
        self.status = status ?? code.status
        self.entries = [Entry(code: code, message: message ?? code.defaultMessage, detail: detail)]
        self.diagnosis = diagnosis
    }

    /// One entry per missing piece of content.
    package init(missing: [OCIDigest]) {
        let code = RegistryErrorCode.manifestBlobUnknown
        self.status = code.status
        self.entries = missing.map { Entry(code: code, message: code.defaultMessage, detail: $0.description) }
        self.diagnosis = nil
    }

    package var code: RegistryErrorCode { entries.first?.code ?? .unknown }

    package static func digestInvalid(_ text: String?) -> RegistryError {
        RegistryError(.digestInvalid, "digest is malformed or its algorithm is not supported", detail: text)
    }
}
