// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

/// An object's state as answer headers (`spec/s3.md` §7.3).
enum ObjectHeaders {
    static let defaultContentType = "binary/octet-stream"

    /// What a 304 keeps and every other answer begins with.
    static func addIdentity(of info: ObjectInfo, to head: inout HTTPResponseHead) {
        head.add("ETag", info.etag.quoted)
        head.add("Last-Modified", HTTPDate.format(info.lastModified))
        if let version = info.versionID { head.add("x-amz-version-id", version) }
    }

    /// Everything GET and HEAD tell beside the length.
    ///
    /// - Parameter overrides: values for the six representation headers, from the query of a signed request.
    static func addRepresentation(
        of info: ObjectInfo,
        overrides: ResponseOverrides = .none,
        to head: inout HTTPResponseHead
    ) {
        head.add("Accept-Ranges", "bytes")
        addIdentity(of: info, to: &head)
        head.add("Content-Type", overrides.value("content-type") ?? info.metadata.contentType ?? defaultContentType)
        for field in info.metadata.systemFields where overrides.value(field.name) == nil {
            addSystemField(field.name, field.value, to: &head)
        }
        for field in overrides.fields where field.name != "content-type" {
            addSystemField(field.name, field.value, to: &head)
        }
        if let storageClass = info.metadata.storageClass { head.add("x-amz-storage-class", storageClass) }
        if !info.metadata.tags.isEmpty { head.add("x-amz-tagging-count", "\(info.metadata.tags.count)") }
        for field in info.metadata.userFields { head.add(dynamic: "x-amz-meta-" + field.name, field.value) }
    }

    static func addChecksums(_ checksums: [ChecksumValue], to head: inout HTTPResponseHead) {
        for checksum in checksums { addChecksumValue(checksum, to: &head) }
        if let first = checksums.first { head.add("x-amz-checksum-type", "\(first.type.name)") }
    }

    static func addChecksumValue(_ checksum: ChecksumValue, to head: inout HTTPResponseHead) {
        head.add(checksum.algorithm.headerName, checksum.text)
    }

    private static func addSystemField(_ name: String, _ value: String, to head: inout HTTPResponseHead) {
        switch name {
        case "cache-control": head.add("Cache-Control", value)
        case "content-disposition": head.add("Content-Disposition", value)
        case "content-encoding": head.add("Content-Encoding", value)
        case "content-language": head.add("Content-Language", value)
        case "expires": head.add("Expires", value)
        default: head.add(dynamic: name, value)
        }
    }
}

/// The `response-*` parameters of GET and HEAD.
struct ResponseOverrides {
    static let none = ResponseOverrides(fields: [])
    private static let names = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires",
    ]

    /// Lower-case names of headers.
    let fields: [(name: String, value: String)]

    /// - Throws: `invalidRequest` for an anonymous request: only who could sign may choose what a browser believes.
    static func read(_ call: S3Call) throws(S3Error) -> ResponseOverrides {
        guard !call.query.isEmpty else { return .none }
        var fields: [(name: String, value: String)] = []
        for name in names {
            guard let value = call.query.first("response-" + name) else { continue }
            guard !call.caller.isAnonymous else {
                throw S3Error(
                    .invalidRequest,
                    "Request specific response headers cannot be used for anonymous GET requests."
                )
            }
            guard HeaderText.isSafe(value) else {
                throw .invalidArgument("The value cannot be sent as a header.", name: "response-" + name, value: value)
            }
            fields.append((name, value))
        }
        return ResponseOverrides(fields: fields)
    }

    func value(_ name: String) -> String? {
        fields.first { $0.name == name }?.value
    }
}

/// What may stand in a header's value.
enum HeaderText {
    /// No control characters but tab: a line break would let a value forge headers of its own.
    static func isSafe(_ value: String) -> Bool {
        value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    }
}
