// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

extension ChecksumAlgorithm {
    /// As `x-amz-checksum-algorithm` spells it, in either case; nil for an unknown name.
    package init?(name: String) {
        let upper = name.uppercased()
        guard let match = Self.allCases.first(where: { $0.name == upper }) else { return nil }
        self = match
    }

    /// `x-amz-checksum-crc32` …
    package var headerName: StaticString {
        switch self {
        case .crc32: "x-amz-checksum-crc32"
        case .crc32c: "x-amz-checksum-crc32c"
        case .crc64nvme: "x-amz-checksum-crc64nvme"
        case .sha1: "x-amz-checksum-sha1"
        case .sha256: "x-amz-checksum-sha256"
        case .sha512: "x-amz-checksum-sha512"
        case .md5: "x-amz-checksum-md5"
        case .xxhash64: "x-amz-checksum-xxhash64"
        case .xxhash3: "x-amz-checksum-xxhash3"
        case .xxhash128: "x-amz-checksum-xxhash128"
        }
    }

    /// `ChecksumCRC32` …
    package var elementName: StaticString {
        switch self {
        case .crc32: "ChecksumCRC32"
        case .crc32c: "ChecksumCRC32C"
        case .crc64nvme: "ChecksumCRC64NVME"
        case .sha1: "ChecksumSHA1"
        case .sha256: "ChecksumSHA256"
        case .sha512: "ChecksumSHA512"
        case .md5: "ChecksumMD5"
        case .xxhash64: "ChecksumXXHASH64"
        case .xxhash3: "ChecksumXXHASH3"
        case .xxhash128: "ChecksumXXHASH128"
        }
    }

    /// The type of a multipart object's value when the client names none (`spec/s3.md` §4).
    package var defaultUploadType: ChecksumType { self == .crc64nvme ? .fullObject : .composite }

    /// Whether a multipart object may have a value of `type`.
    package func allows(_ type: ChecksumType) -> Bool {
        switch (self, type) {
        case (.crc64nvme, .composite): false
        case (.crc64nvme, .fullObject), (.crc32, _), (.crc32c, _): true
        case (.sha1, _), (.sha256, _), (.sha512, _), (.md5, _), (.xxhash64, _), (.xxhash3, _), (.xxhash128, _):
            type == .composite
        }
    }
}

extension ChecksumType {
    /// As `x-amz-checksum-type` and `<ChecksumType>` spell it.
    package var name: StaticString {
        switch self {
        case .fullObject: "FULL_OBJECT"
        case .composite: "COMPOSITE"
        }
    }

    /// In either case; nil for another word.
    package init?(name: String) {
        switch name.uppercased() {
        case "FULL_OBJECT": self = .fullObject
        case "COMPOSITE": self = .composite
        default: return nil
        }
    }
}

extension ChecksumValue {
    /// Base64, and `-N` behind a composite value.
    package var text: String {
        type == .composite ? Base64.encode(bytes) + "-\(partCount)" : Base64.encode(bytes)
    }

    /// Nil unless `text` is strict base64 of the right length, with `-N` behind it only where that is allowed.
    package init?(_ algorithm: ChecksumAlgorithm, text: String, allowsComposite: Bool = false) {
        let pieces = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = pieces.first, let bytes = Base64.decode(first), bytes.count == algorithm.byteCount else {
            return nil
        }
        guard pieces.count == 2 else {
            self.init(algorithm: algorithm, bytes: bytes)
            return
        }
        guard allowsComposite, let count = UInt32(Substring(pieces[1])), (1...10_000).contains(count) else {
            return nil
        }
        self.init(algorithm: algorithm, type: .composite, bytes: bytes, partCount: count)
    }
}

/// What a request says about the digests of its body (`spec/s3.md` §3, §4).
package struct ChecksumHeaders: Sendable, Hashable {
    /// Content-MD5, 16 bytes.
    package let contentMD5: [UInt8]?
    /// From an `x-amz-checksum-*` header.
    package let value: ChecksumValue?
    /// Announced in `x-amz-trailer`.
    package let trailer: ChecksumAlgorithm?
    /// What the plain body must hash to: from `x-amz-content-sha256`.
    package let sha256: SHA256Digest?

    /// - Parameter allowsComposite: a value may end in `-N`, as in CompleteMultipartUpload.
    /// - Throws: `invalidDigest`, `invalidRequest`, `malformedTrailerError`.
    package init(headers: S3Headers, payload: PayloadCoding, allowsComposite: Bool = false) throws(S3Error) {
        sha256 = payload.sha256
        contentMD5 = try Self.contentMD5(headers)
        value = try Self.value(headers, allowsComposite: allowsComposite)
        trailer = try Self.trailer(headers, payload)
        if value != nil, trailer != nil { throw Self.several }
        if let name = headers.first("x-amz-sdk-checksum-algorithm") {
            guard let algorithm = ChecksumAlgorithm(name: name) else { throw Self.unknownAlgorithm }
            guard let used = value?.algorithm ?? trailer else {
                throw S3Error(
                    .invalidRequest,
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                        + "headers were found.",
                )
            }
            guard used == algorithm else {
                throw S3Error(.invalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
            }
        }
    }

    /// The names in `x-amz-trailer`, for the decoder.
    package var trailerNames: [String] { trailer.map { ["\($0.headerName)"] } ?? [] }

    /// The algorithm the client chose, from wherever it said so.
    package var algorithm: ChecksumAlgorithm? { value?.algorithm ?? trailer }

    /// The body is covered by something: what DeleteObjects and the configurations demand.
    package var coversBody: Bool { contentMD5 != nil || value != nil || trailer != nil }

    /// What to compute while the body streams.
    package var digestRequest: DigestRequest { DigestRequest(checksum: algorithm, sha256: sha256 != nil) }

    /// What the finished body is compared with.
    ///
    /// - Parameter trailers: from the decoder; empty for a plain body.
    /// - Throws: `malformedTrailerError` when the announced one is missing, `invalidRequest` when its value is no value.
    package func expectations(trailers: [PayloadTrailer] = []) throws(S3Error) -> ContentExpectations {
        var checksum = value
        if let trailer {
            guard let line = trailers.first(where: { $0.name == "\(trailer.headerName)" }) else {
                throw S3Error(.malformedTrailerError)
            }
            guard let parsed = ChecksumValue(trailer, text: line.value) else { throw Self.invalidValue(line.name) }
            checksum = parsed
        }
        return ContentExpectations(md5: contentMD5, sha256: sha256, checksum: checksum)
    }

    private static func contentMD5(_ headers: S3Headers) throws(S3Error) -> [UInt8]? {
        guard let text = headers.first("content-md5") else { return nil }
        guard let bytes = Base64.decode(text), bytes.count == 16 else {
            throw S3Error(.invalidDigest, extras: [S3Error.Extra("Content-MD5", text)])
        }
        return bytes
    }

    private static func value(_ headers: S3Headers, allowsComposite: Bool) throws(S3Error) -> ChecksumValue? {
        var found: [(name: String, value: String)] = []
        headers.forEach(prefix: "x-amz-checksum-") { name, value in
            switch name {
            case "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode": break
            default: found.append((name, value))
            }
        }
        guard let (name, text) = found.first else { return nil }
        guard found.count == 1 else { throw several }
        guard let algorithm = ChecksumAlgorithm(name: String(name.dropFirst(15))) else { throw unknownAlgorithm }
        guard let value = ChecksumValue(algorithm, text: text, allowsComposite: allowsComposite) else {
            throw invalidValue(name)
        }
        return value
    }

    private static func trailer(_ headers: S3Headers, _ payload: PayloadCoding) throws(S3Error) -> ChecksumAlgorithm? {
        guard let text = headers.joined("x-amz-trailer") else {
            if payload.hasTrailer { throw S3Error(.malformedTrailerError) }
            return nil
        }
        guard payload.hasTrailer else {
            throw S3Error(.invalidRequest, "The value specified in the x-amz-trailer header is not supported")
        }
        var algorithms: [ChecksumAlgorithm] = []
        for piece in text.utf8.split(separator: UInt8(ascii: ","), maxSplits: 16) {
            let name = String(Substring(piece).trimmed).lowercased()
            guard name.hasPrefix("x-amz-checksum-"), let algorithm = ChecksumAlgorithm(name: String(name.dropFirst(15)))
            else { throw S3Error(.malformedTrailerError) }
            algorithms.append(algorithm)
        }
        guard let first = algorithms.first else { throw S3Error(.malformedTrailerError) }
        guard algorithms.count == 1 else { throw several }
        return first
    }

    private static var several: S3Error {
        S3Error(
            .invalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    }

    private static func invalidValue(_ name: String) -> S3Error {
        S3Error(.invalidRequest, "Value for \(name) header is invalid.")
    }

    static var unknownAlgorithm: S3Error {
        S3Error(
            .invalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, "
                + "CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]",
        )
    }
}
