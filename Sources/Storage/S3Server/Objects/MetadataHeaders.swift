// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

/// Reads what a write says about its object: the headers stored and given back byte for byte (`spec/s3.md` §7.3).
enum MetadataHeaders {
    /// Names without `x-amz-meta-` and values together.
    static let userByteCountMax = 2 << 10
    static let userPrefix = "x-amz-meta-"

    static let storageClasses: Set<String> = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
        "OUTPOSTS", "GLACIER_IR",
    ]

    /// - Throws: `metadataTooLarge`, `invalidStorageClass`, `invalidRedirectLocation`, `invalidTag`, `invalidArgument`.
    static func read(_ call: S3Call) throws(S3Error) -> ObjectMetadata {
        ObjectMetadata(
            contentType: call.headers.first("content-type").flatMap { $0.isEmpty ? nil : $0 },
            systemFields: try systemFields(call),
            userFields: try userFields(call),
            storageClass: try storageClass(call),
            tags: try TagHeader.read(call),
        )
    }

    /// Nil for STANDARD, which is what an object without a class has.
    static func storageClass(_ call: S3Call) throws(S3Error) -> String? {
        guard let name = call.header("x-amz-storage-class") else { return nil }
        guard storageClasses.contains(name) else {
            throw S3Error(.invalidStorageClass, extras: [.init("StorageClassRequested", name)])
        }
        return name == "STANDARD" ? nil : name
    }

    static func redirectLocation(_ call: S3Call) throws(S3Error) -> ObjectMetadata.Field? {
        guard let location = call.header("x-amz-website-redirect-location") else { return nil }
        guard ["/", "http://", "https://"].contains(where: location.hasPrefix), location.utf8.count <= 2_048 else {
            throw S3Error(
                .invalidRedirectLocation,
                "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
            )
        }
        return ObjectMetadata.Field(name: "x-amz-website-redirect-location", value: location)
    }

    private static func systemFields(_ call: S3Call) throws(S3Error) -> [ObjectMetadata.Field] {
        var fields: [ObjectMetadata.Field] = []
        func keep(_ name: StaticString, _ value: String?) {
            if let value { fields.append(ObjectMetadata.Field(name: "\(name)", value: value)) }
        }
        keep("cache-control", call.header("cache-control"))
        keep("content-disposition", call.header("content-disposition"))
        // `aws-chunked` is how the body travels here, not a property of the object.
        keep("content-encoding", PayloadCoding.storedContentEncoding(call.header("content-encoding")))
        keep("content-language", call.header("content-language"))
        keep("expires", call.header("expires"))
        if let redirect = try redirectLocation(call) { fields.append(redirect) }
        return fields
    }

    /// Repeated names are joined with a comma, in the place of the first.
    private static func userFields(_ call: S3Call) throws(S3Error) -> [ObjectMetadata.Field] {
        var fields: [ObjectMetadata.Field] = []
        call.headers.forEach(prefix: "x-amz-meta-") { name, value in
            let name = String(name.dropFirst(userPrefix.count))
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].value += "," + value
            } else {
                fields.append(ObjectMetadata.Field(name: name, value: value))
            }
        }
        let byteCount = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        guard byteCount <= userByteCountMax else {
            throw S3Error(
                .metadataTooLarge,
                extras: [.init("Size", "\(byteCount)"), .init("MaxSizeAllowed", "\(userByteCountMax)")]
            )
        }
        if let bad = fields.first(where: { $0.name.isEmpty || !HeaderText.isSafe($0.value) }) {
            throw .invalidArgument(
                "The metadata cannot be sent back as a header.",
                name: userPrefix + bad.name,
                value: ""
            )
        }
        return fields
    }
}
