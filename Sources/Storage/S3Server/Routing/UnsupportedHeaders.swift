// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol

/// Headers that ask for a guarantee this server can't give yet. Ignoring one would be a lie, so it is refused.
enum UnsupportedHeaders {
    private static let encryption: [StaticString] = [
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-context",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-md5",
        "x-amz-copy-source-server-side-encryption-customer-algorithm",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key-md5",
    ]
    private static let write: [StaticString] =
        encryption + [
            "x-amz-object-lock-mode",
            "x-amz-object-lock-retain-until-date",
            "x-amz-object-lock-legal-hold",
            "x-amz-grant-full-control",
            "x-amz-grant-read",
            "x-amz-grant-read-acp",
            "x-amz-grant-write",
            "x-amz-grant-write-acp",
            "x-amz-write-offset-bytes",
            "x-amz-object-annotation-directive",
        ]
    private static let create: [StaticString] = [
        "x-amz-grant-full-control",
        "x-amz-grant-read",
        "x-amz-grant-read-acp",
        "x-amz-grant-write",
        "x-amz-grant-write-acp",
        "x-amz-bucket-namespace",
    ]
    private static let cannedACLs: Set<String> = [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control", "log-delivery-write",
    ]

    /// - Throws: `notImplemented` naming the header, `invalidArgument` for a canned ACL that does not exist.
    static func check(_ call: S3Call) throws(S3Error) {
        switch call.route.operation {
        case .putObject, .copyObject, .createMultipartUpload:
            try refuse(write, call)
            try checkCannedACL(call, accepted: ["private", "bucket-owner-full-control"])
        case .uploadPart, .uploadPartCopy, .completeMultipartUpload, .getObject, .headObject, .listParts:
            try refuse(encryption, call)
        case .createBucket:
            try refuse(create, call)
            try checkCannedACL(call, accepted: ["private"])
            try checkBucketOptions(call)
        default:
            break
        }
    }

    /// Whether a read names a key or a method of encryption, which is refused.
    static func askForEncryption(_ headers: S3Headers) -> Bool {
        encryption.contains { headers.has($0) }
    }

    private static func refuse(_ names: [StaticString], _ call: S3Call) throws(S3Error) {
        for name in names where call.headers.has(name) { throw .notImplemented(header: "\(name)") }
    }

    private static func checkCannedACL(_ call: S3Call, accepted: Set<String>) throws(S3Error) {
        guard let acl = call.header("x-amz-acl"), !accepted.contains(acl) else { return }
        guard cannedACLs.contains(acl) else {
            throw .invalidArgument("The canned ACL does not exist.", name: "x-amz-acl", value: acl)
        }
        throw .notImplemented(header: "x-amz-acl")
    }

    private static func checkBucketOptions(_ call: S3Call) throws(S3Error) {
        if let lock = call.header("x-amz-bucket-object-lock-enabled"), lock.lowercased() != "false" {
            throw .notImplemented(header: "x-amz-bucket-object-lock-enabled")
        }
        switch call.header("x-amz-object-ownership") {
        // Every object belongs to the bucket's owner and there are no ACLs: what BucketOwnerEnforced asks for.
        case nil, "BucketOwnerEnforced": break
        case "BucketOwnerPreferred", "ObjectWriter": throw .notImplemented(header: "x-amz-object-ownership")
        case let other?:
            throw .invalidArgument("The ownership rule does not exist.", name: "x-amz-object-ownership", value: other)
        }
    }
}
