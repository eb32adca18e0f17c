// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// How a body is coded, as `x-amz-content-sha256` says (`spec/s3.md` §3).
package enum PayloadCoding: Sendable, Hashable {
    /// Plain; must have this hash.
    case hex(SHA256Digest)
    /// Plain, hash unknown.
    case unsigned
    /// aws-chunked, every chunk signed; with `trailer`, signed trailer lines behind the last one.
    case streamingSigned(trailer: Bool)
    /// aws-chunked without signatures, checksum in the trailer.
    case streamingUnsignedTrailer

    /// - Throws: `invalidArgument` for another value, `notImplemented` for the elliptic-curve forms.
    package init(header value: String) throws(S3Error) {
        switch value {
        case "UNSIGNED-PAYLOAD": self = .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .streamingSigned(trailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .streamingSigned(trailer: true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .streamingUnsignedTrailer
        case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
            throw S3Error.notImplemented(header: "x-amz-content-sha256")
        default:
            guard value.utf8.count == 64, let bytes = Hex.decode(value.utf8) else {
                throw S3Error.invalidArgument(
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                        + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid "
                        + "sha256 value.",
                    name: "x-amz-content-sha256",
                    value: value,
                )
            }
            self = .hex(SHA256Digest(bytes: bytes))
        }
    }

    /// The body is aws-chunked and goes through a `ChunkedPayloadDecoder`.
    package var isChunked: Bool {
        switch self {
        case .hex, .unsigned: false
        case .streamingSigned, .streamingUnsignedTrailer: true
        }
    }

    /// Lines follow the last chunk.
    package var hasTrailer: Bool {
        switch self {
        case .hex, .unsigned, .streamingSigned(trailer: false): false
        case .streamingSigned(trailer: true), .streamingUnsignedTrailer: true
        }
    }

    package var isSigned: Bool {
        if case .streamingSigned = self { true } else { false }
    }

    /// The hash the plain body must have.
    package var sha256: SHA256Digest? {
        if case .hex(let digest) = self { digest } else { nil }
    }
}
