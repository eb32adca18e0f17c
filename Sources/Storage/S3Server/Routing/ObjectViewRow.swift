// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol

/// A view of an object other than its bytes, chosen by the presence of its name in the query (`spec/s3.md` §6.2).
struct ObjectViewRow: Sendable {
    let subresource: S3Subresource
    /// AWS's operations on it: the method and the action a caller needs.
    let methods: [(method: HTTPMethod, action: String)]

    static let all: [ObjectViewRow] = [
        ObjectViewRow(subresource: .acl, methods: [(.get, "s3:GetObjectAcl"), (.put, "s3:PutObjectAcl")]),
        ObjectViewRow(
            subresource: .tagging,
            methods: [
                (.get, "s3:GetObjectTagging"), (.put, "s3:PutObjectTagging"), (.delete, "s3:DeleteObjectTagging"),
            ],
        ),
        ObjectViewRow(
            subresource: .retention,
            methods: [(.get, "s3:GetObjectRetention"), (.put, "s3:PutObjectRetention")]
        ),
        ObjectViewRow(
            subresource: .legalHold,
            methods: [(.get, "s3:GetObjectLegalHold"), (.put, "s3:PutObjectLegalHold")]
        ),
        ObjectViewRow(subresource: .attributes, methods: [(.get, "s3:GetObjectAttributes")]),
        ObjectViewRow(subresource: .torrent, methods: [(.get, "s3:GetObjectTorrent")]),
        ObjectViewRow(subresource: .restore, methods: [(.post, "s3:RestoreObject")]),
        ObjectViewRow(subresource: .select, methods: [(.post, "s3:GetObject")]),
        ObjectViewRow(subresource: .renameObject, methods: [(.put, "s3:PutObject")]),
        ObjectViewRow(subresource: .append, methods: [(.put, "s3:PutObject")]),
        ObjectViewRow(subresource: .encryption, methods: [(.put, "s3:UpdateObjectEncryption")]),
        ObjectViewRow(
            subresource: .annotation,
            methods: [
                (.get, "s3:GetObjectAnnotation"), (.put, "s3:PutObjectAnnotation"),
                (.delete, "s3:DeleteObjectAnnotation"),
            ],
        ),
    ]

    static func of(_ subresource: S3Subresource) -> ObjectViewRow? {
        all.first { $0.subresource == subresource }
    }
}
