// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
package import NIOCore
package import OCIModel
import StorageTypes

/// A hash in the making, of any algorithm the registry knows.
package struct RunningDigest: Sendable {
    private enum Hasher: Sendable {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var hasher: Hasher

    package init(_ algorithm: OCIDigest.Algorithm) {
        switch algorithm {
        case .sha256: hasher = .sha256(SHA256())
        case .sha512: hasher = .sha512(SHA512())
        }
    }

    /// Goes on where `state` was taken; nil when it is not a state of that algorithm.
    init?(_ algorithm: OCIDigest.Algorithm, state: [UInt8]) {
        switch algorithm {
        case .sha256:
            guard let state = SHA256.State(bytes: state) else { return nil }
            hasher = .sha256(SHA256(state))
        case .sha512:
            guard let state = SHA512.State(bytes: state) else { return nil }
            hasher = .sha512(SHA512(state))
        }
    }

    package mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch hasher {
        case .sha256(var sha):
            sha.update(bytes)
            hasher = .sha256(sha)
        case .sha512(var sha):
            sha.update(bytes)
            hasher = .sha512(sha)
        }
    }

    var algorithm: OCIDigest.Algorithm {
        switch hasher {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }

    /// The digest of everything so far.
    package var digest: OCIDigest {
        switch hasher {
        case .sha256(let sha): OCIDigest(.sha256, bytes: sha.finalize().bytes)
        case .sha512(let sha): OCIDigest(.sha512, bytes: sha.finalize())
        }
    }

    /// What ``init(_:state:)`` takes.
    var state: [UInt8] {
        switch hasher {
        case .sha256(let sha): sha.state.bytes
        case .sha512(let sha): sha.state.bytes
        }
    }

    package static func digest(_ algorithm: OCIDigest.Algorithm, of bytes: [UInt8]) -> OCIDigest {
        var running = RunningDigest(algorithm)
        bytes.withUnsafeBytes { running.update($0) }
        return running.digest
    }
}
