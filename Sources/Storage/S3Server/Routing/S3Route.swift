// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol

/// Which operation a request names, decided from its method and from what its query holds, never from the values there.
struct S3Route: Sendable {
    var operation: S3Operation
    /// What a policy must allow.
    var action: String
    /// The sub-resource that `unsupported` and `getUnsetConfiguration` are about.
    var subresource = ""
    var unsetAnswer: BucketConfigurationRow.UnsetAnswer?

    /// Reads the table of `spec/s3.md` §6 from top to bottom.
    ///
    /// - Throws: `methodNotAllowed`, `invalidRequest` for a sub-resource that the addressed thing has not.
    static func resolve(_ request: HTTPRequest, _ headers: S3Headers, _ target: S3Target) throws(S3Error) -> S3Route {
        if request.method == .options { return S3Route(operation: .preflight, action: "") }
        guard target.bucket != nil else { return try service(request, headers, target) }
        return target.key == nil ? try bucket(request, headers, target) : try object(request, headers, target)
    }

    private static func service(_ request: HTTPRequest, _ headers: S3Headers, _ target: S3Target) throws(S3Error)
        -> S3Route
    {
        if request.method == .get {
            if target.query.has("max-directory-buckets") {
                return unsupported("ListDirectoryBuckets", action: "s3express:ListAllMyDirectoryBuckets")
            }
            return S3Route(operation: .listBuckets, action: "s3:ListAllMyBuckets")
        }
        // The query protocol of IAM, STS and SNS posts forms to the root.
        if request.method == .post, isForm(headers, "application/x-www-form-urlencoded") {
            return unsupported("Action", action: "")
        }
        throw .methodNotAllowed(request, "SERVICE", allow: "GET")
    }

    private static func bucket(_ request: HTTPRequest, _ headers: S3Headers, _ target: S3Target) throws(S3Error)
        -> S3Route
    {
        let query = target.query
        if let subresource = S3Subresource.chosen(in: query, isObject: false) {
            guard subresource.exists(onObject: false) else {
                throw S3Error(
                    .invalidRequest,
                    "The \(subresource.rawValue) sub-resource belongs to an object; a key is needed."
                )
            }
            return try part(subresource, ofBucket: request)
        }
        switch request.method {
        case .get where query.first("list-type") == "2":
            return S3Route(operation: .listObjectsV2, action: "s3:ListBucket")
        case .get:
            return S3Route(operation: .listObjects, action: "s3:ListBucket")
        case .head:
            return S3Route(operation: .headBucket, action: "s3:ListBucket")
        case .put:
            return S3Route(operation: .createBucket, action: "s3:CreateBucket")
        case .delete:
            return S3Route(operation: .deleteBucket, action: "s3:DeleteBucket")
        case .post:
            if isForm(headers, "multipart/form-data") { return unsupported("POST Object", action: "s3:PutObject") }
            throw .preconditionFailed("Bucket POST must be of the enclosure-type multipart/form-data")
        default:
            throw .methodNotAllowed(request, "BUCKET", allow: "GET, HEAD, PUT, POST, DELETE")
        }
    }

    private static func part(_ subresource: S3Subresource, ofBucket request: HTTPRequest) throws(S3Error) -> S3Route {
        switch subresource {
        case .location:
            return try only(.get, S3Route(operation: .getBucketLocation, action: "s3:GetBucketLocation"), request)
        case .uploads:
            let route = S3Route(operation: .listMultipartUploads, action: "s3:ListBucketMultipartUploads")
            return try only(.get, route, request)
        case .delete:
            return try only(.post, S3Route(operation: .deleteObjects, action: "s3:DeleteObject"), request)
        default:
            guard let row = BucketConfigurationRow.of(subresource) else {
                return unsupported(subresource.rawValue, action: "")
            }
            return try configuration(row, request)
        }
    }

    private static func configuration(
        _ row: BucketConfigurationRow,
        _ request: HTTPRequest
    ) throws(S3Error) -> S3Route {
        guard row.methods.contains(request.method) else {
            let allowed = row.methods.map(name).joined(separator: ", ")
            throw .methodNotAllowed(request, row.subresource.rawValue.uppercased(), allow: allowed)
        }
        let operation: S3Operation? =
            switch (row.subresource, request.method) {
            case (.acl, .get): .getBucketAcl
            case (.policy, .get): .getBucketPolicy
            case (.policy, .put): .putBucketPolicy
            case (.policy, .delete): .deleteBucketPolicy
            case (_, .get) where row.unset != nil: .getUnsetConfiguration
            default: nil
            }
        let action = request.method == .get ? row.readAction : row.writeAction
        guard let operation else { return unsupported(row.subresource.rawValue, action: action) }
        return S3Route(
            operation: operation,
            action: operation == .deleteBucketPolicy ? "s3:DeleteBucketPolicy" : action,
            subresource: row.subresource.rawValue,
            unsetAnswer: row.unset,
        )
    }

    private static func object(_ request: HTTPRequest, _ headers: S3Headers, _ target: S3Target) throws(S3Error)
        -> S3Route
    {
        let query = target.query
        if let subresource = S3Subresource.chosen(in: query, isObject: true) {
            guard subresource.exists(onObject: true) else {
                throw S3Error(
                    .invalidRequest,
                    "The \(subresource.rawValue) sub-resource belongs to a bucket, not to an object."
                )
            }
            return try part(subresource, ofObject: request, headers, query)
        }
        switch request.method {
        case .get: return S3Route(operation: .getObject, action: versioned("s3:GetObject", query))
        case .head: return S3Route(operation: .headObject, action: versioned("s3:GetObject", query))
        case .delete: return S3Route(operation: .deleteObject, action: versioned("s3:DeleteObject", query))
        case .put:
            if let number = query.first("partNumber") {
                throw .invalidArgument("A part number needs an upload.", name: "partNumber", value: number)
            }
            let operation: S3Operation = isCopy(headers, query) ? .copyObject : .putObject
            return S3Route(operation: operation, action: "s3:PutObject")
        default:
            throw .methodNotAllowed(request, "OBJECT", allow: "GET, HEAD, PUT, DELETE")
        }
    }

    private static func part(
        _ subresource: S3Subresource,
        ofObject request: HTTPRequest,
        _ headers: S3Headers,
        _ query: S3Query
    ) throws(S3Error) -> S3Route {
        switch subresource {
        case .uploadId:
            return try upload(request, headers, query)
        case .uploads:
            guard request.method == .post else {
                throw S3Error(.invalidRequest, "The uploads sub-resource of an object is for POST alone.")
            }
            return S3Route(operation: .createMultipartUpload, action: "s3:PutObject")
        default:
            guard let row = ObjectViewRow.of(subresource) else { return unsupported(subresource.rawValue, action: "") }
            return try view(row, request)
        }
    }

    private static func view(_ row: ObjectViewRow, _ request: HTTPRequest) throws(S3Error) -> S3Route {
        guard let (_, action) = row.methods.first(where: { $0.method == request.method }) else {
            let allowed = row.methods.map { name($0.method) }.joined(separator: ", ")
            throw .methodNotAllowed(request, row.subresource.rawValue.uppercased(), allow: allowed)
        }
        switch (row.subresource, request.method) {
        case (.acl, .get): return S3Route(operation: .getObjectAcl, action: action)
        case (.tagging, .get): return S3Route(operation: .getObjectTagging, action: action)
        default: return unsupported(row.subresource.rawValue, action: action)
        }
    }

    private static func upload(_ request: HTTPRequest, _ headers: S3Headers, _ query: S3Query) throws(S3Error)
        -> S3Route
    {
        switch request.method {
        case .get: return S3Route(operation: .listParts, action: "s3:ListMultipartUploadParts")
        case .post: return S3Route(operation: .completeMultipartUpload, action: "s3:PutObject")
        case .delete: return S3Route(operation: .abortMultipartUpload, action: "s3:AbortMultipartUpload")
        case .put:
            guard query.has("partNumber") else {
                throw .invalidArgument("An upload's part needs a number.", name: "partNumber", value: "")
            }
            let operation: S3Operation = isCopy(headers, query) ? .uploadPartCopy : .uploadPart
            return S3Route(operation: operation, action: "s3:PutObject")
        default:
            throw .methodNotAllowed(request, "UPLOAD", allow: "GET, PUT, POST, DELETE")
        }
    }

    /// The header, or the parameter that stands for it in a presigned URL.
    private static func isCopy(_ headers: S3Headers, _ query: S3Query) -> Bool {
        headers.has("x-amz-copy-source")
            || (query.has("X-Amz-Algorithm") && query.has("x-amz-copy-source"))
    }

    // MARK: Rows

    private static func unsupported(_ subresource: String, action: String) -> S3Route {
        S3Route(operation: .unsupported, action: action, subresource: subresource)
    }

    private static func only(_ method: HTTPMethod, _ route: S3Route, _ request: HTTPRequest) throws(S3Error) -> S3Route
    {
        guard request.method == method else {
            throw .methodNotAllowed(request, "BUCKET", allow: name(method))
        }
        return route
    }

    /// Policies tell reading a named version from reading the current one.
    private static func versioned(_ action: String, _ query: S3Query) -> String {
        query.has("versionId") ? action + "Version" : action
    }

    private static func isForm(_ headers: S3Headers, _ type: String) -> Bool {
        headers.first("content-type")?.lowercased().hasPrefix(type) ?? false
    }

    private static func name(_ method: HTTPMethod) -> String {
        switch method {
        case .get: "GET"
        case .head: "HEAD"
        case .put: "PUT"
        case .post: "POST"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .other(let name): name
        }
    }
}

extension S3Error {
    /// - Parameter allow: becomes the `Allow` header of the answer.
    static func methodNotAllowed(_ request: HTTPRequest, _ resourceType: String, allow: String) -> S3Error {
        let base = S3Error.methodNotAllowed(request.methodName, resourceType: resourceType)
        return S3Error(base.code, base.message, extras: base.extras + [.init(ErrorAnswer.allowExtra, allow)])
    }
}
