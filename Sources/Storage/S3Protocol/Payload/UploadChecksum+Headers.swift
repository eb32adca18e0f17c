// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

extension UploadChecksum {
    /// `x-amz-checksum-algorithm` and `x-amz-checksum-type` of CreateMultipartUpload (`spec/s3.md` §4); nil when
    /// neither is there.
    ///
    /// - Throws: `invalidRequest`.
    package static func parse(_ headers: S3Headers) throws(S3Error) -> UploadChecksum? {
        let algorithm = try requestedAlgorithm(headers)
        guard let typeText = headers.first("x-amz-checksum-type") else {
            return algorithm.map { UploadChecksum(algorithm: $0, type: $0.defaultUploadType) }
        }
        guard let type = ChecksumType(name: typeText) else {
            throw S3Error(.invalidRequest, "Value for x-amz-checksum-type header is invalid.")
        }
        guard let algorithm else {
            throw S3Error(
                .invalidRequest,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )
        }
        guard algorithm.allows(type) else {
            throw S3Error(
                .invalidRequest,
                "The \(type.name) checksum type cannot be used with the \(algorithm.name.lowercased()) checksum algorithm.",
            )
        }
        return UploadChecksum(algorithm: algorithm, type: type)
    }

    /// `x-amz-checksum-algorithm`, also of CopyObject; nil when absent.
    ///
    /// - Throws: `invalidRequest` for an unknown name.
    package static func requestedAlgorithm(_ headers: S3Headers) throws(S3Error) -> ChecksumAlgorithm? {
        guard let name = headers.first("x-amz-checksum-algorithm") else { return nil }
        guard let algorithm = ChecksumAlgorithm(name: name) else { throw ChecksumHeaders.unknownAlgorithm }
        return algorithm
    }
}

extension PayloadCoding {
    /// `x-amz-decoded-content-length`.
    ///
    /// - Throws: `missingContentLength` when it is absent or not a decimal number.
    package static func decodedLength(_ headers: S3Headers) throws(S3Error) -> UInt64 {
        guard let text = headers.first("x-amz-decoded-content-length"), !text.isEmpty,
            text.utf8.allSatisfy({ (48...57).contains($0) }), let length = UInt64(text)
        else { throw S3Error(.missingContentLength) }
        return length
    }

    /// The Content-Encoding to store: without the `aws-chunked` tokens; nil when nothing is left.
    package static func storedContentEncoding(_ header: String?) -> String? {
        guard let header else { return nil }
        var kept: [Substring] = []
        var dropped = false
        for piece in header.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let token = Substring(piece).trimmed
            if token.lowercased() == "aws-chunked" { dropped = true } else { kept.append(token) }
        }
        // Untouched, it goes back byte for byte.
        guard dropped else { return header.isEmpty ? nil : header }
        let rest = kept.filter { !$0.isEmpty }
        return rest.isEmpty ? nil : rest.joined(separator: ",")
    }
}
