// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// What a request names: the service, a bucket, or an object (`spec/s3.md` §1.1).
package struct S3Target: Sendable {
    /// Decoded, not yet checked by the naming rules; nil for the service itself.
    package let bucket: String?
    /// Decoded once, otherwise as sent: no dot segments removed, no slashes folded. Valid UTF-8; nil for the bucket itself.
    package let key: [UInt8]?
    package let query: S3Query
    /// The bucket came from the host name.
    package let isVirtualHosted: Bool

    package init(bucket: String?, key: [UInt8]?, query: S3Query = S3Query(), isVirtualHosted: Bool = false) {
        self.bucket = bucket
        self.key = key
        self.query = query
        self.isVirtualHosted = isVirtualHosted
    }

    /// - Parameters:
    ///   - rawPath: still percent-encoded, beginning with "/".
    ///   - rawQuery: behind the "?", still encoded.
    ///   - host: the Host header, with or without a port.
    ///   - baseDomains: lower case, without ports; a host below one of them names a bucket.
    /// - Throws: `invalidURI`; `keyTooLongError` for a key above 1,024 bytes.
    package static func parse(
        rawPath: String,
        rawQuery: String?,
        host: String?,
        baseDomains: [String]
    ) throws(S3Error) -> S3Target {
        guard rawPath.utf8.first == UInt8(ascii: "/") else { throw invalidURI(rawPath) }
        let query = try S3Query(parsing: rawQuery)
        let path = rawPath[rawPath.utf8.index(after: rawPath.startIndex)...]
        if let bucket = bucket(inHost: host, baseDomains: baseDomains) {
            let key = try path.isEmpty ? nil : key(path, rawPath)
            return S3Target(bucket: bucket, key: key, query: query, isVirtualHosted: true)
        }
        guard !path.isEmpty else { return S3Target(bucket: nil, key: nil, query: query) }
        let slash = path.index(of: UInt8(ascii: "/"))
        guard let bytes = PercentEncoding.decode(path[..<(slash ?? path.endIndex)].utf8),
            let bucket = String(validating: bytes, as: UTF8.self)
        else { throw invalidURI(rawPath) }
        guard let slash else { return S3Target(bucket: bucket, key: nil, query: query) }
        let rest = path[path.utf8.index(after: slash)...]
        return S3Target(bucket: bucket, key: try rest.isEmpty ? nil : key(rest, rawPath), query: query)
    }

    private static func key(_ path: Substring, _ rawPath: String) throws(S3Error) -> [UInt8] {
        guard let bytes = PercentEncoding.decode(path.utf8),
            bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil
        else { throw invalidURI(rawPath) }
        guard bytes.count <= ObjectKey.byteCountMax else {
            throw S3Error(
                .keyTooLongError,
                extras: [
                    S3Error.Extra("Size", String(bytes.count)),
                    S3Error.Extra("MaxSizeAllowed", String(ObjectKey.byteCountMax)),
                ],
            )
        }
        return bytes
    }

    private static func bucket(inHost host: String?, baseDomains: [String]) -> String? {
        guard !baseDomains.isEmpty, let host else { return nil }
        let name = hostName(host)
        for domain in baseDomains where name.utf8.count > domain.utf8.count + 1 && name.hasSuffix(domain) {
            let prefix = name.dropLast(domain.count)
            if prefix.last == "." { return String(prefix.dropLast()) }
        }
        return nil
    }

    /// Lower case, without port and without a closing dot.
    private static func hostName(_ host: String) -> String {
        var name = host.utf8[...]
        if let colon = name.lastIndex(of: UInt8(ascii: ":")), !name.contains(UInt8(ascii: "]")) {
            name = name[..<colon]
        }
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        return String(Substring(name)).lowercased()
    }

    private static func invalidURI(_ rawPath: String) -> S3Error {
        S3Error(.invalidURI, extras: [S3Error.Extra("URI", rawPath)])
    }
}

/// The object that a copy reads: `x-amz-copy-source` (`spec/s3.md` §7.6).
package struct CopySource: Sendable, Hashable {
    /// Not yet checked by the naming rules.
    package let bucket: String
    package let key: [UInt8]
    package let versionID: String?

    /// `bucket/key` or `/bucket/key`, percent-encoded, with an optional `?versionId=` behind the last `?`.
    ///
    /// - Throws: `invalidArgument`; `keyTooLongError`.
    package init(parsing header: String) throws(S3Error) {
        var text = header[...]
        var version: String?
        if let mark = text.range(ofLast: "?versionId=") {
            version = String(text[mark.upperBound...])
            text = text[..<mark.lowerBound]
        }
        var path = text.utf8[...]
        if path.first == UInt8(ascii: "/") { path = path.dropFirst() }
        // Old clients encode the slash between bucket and key as well, so decode first and split then.
        guard let bytes = PercentEncoding.decode(path), String(validating: bytes, as: UTF8.self) != nil else {
            throw Self.malformed(header)
        }
        var whole = bytes[...]
        if whole.first == UInt8(ascii: "/") { whole = whole.dropFirst() }
        guard let slash = whole.firstIndex(of: UInt8(ascii: "/")), slash > whole.startIndex, slash + 1 < whole.endIndex
        else { throw Self.malformed(header) }
        let key = Array(whole[(slash + 1)...])
        guard key.count <= ObjectKey.byteCountMax else { throw S3Error(.keyTooLongError) }
        if let version, version.isEmpty { throw Self.malformed(header) }
        self.bucket = String(decoding: whole[..<slash], as: UTF8.self)
        self.key = key
        self.versionID = version
    }

    private static func malformed(_ header: String) -> S3Error {
        S3Error.invalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            name: "x-amz-copy-source",
            value: header,
        )
    }
}

extension Substring {
    /// The last place of `needle`, compared as bytes.
    fileprivate func range(ofLast needle: StaticString) -> Range<Index>? {
        let count = needle.utf8CodeUnitCount
        var start = utf8.endIndex
        var distance = utf8.count
        while distance >= count {
            start = utf8.index(utf8.startIndex, offsetBy: distance - count)
            let end = utf8.index(start, offsetBy: count)
            if needle.withUTF8Buffer({ utf8[start..<end].elementsEqual($0) }) { return start..<end }
            distance -= 1
        }
        return nil
    }
}
