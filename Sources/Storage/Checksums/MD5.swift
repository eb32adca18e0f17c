// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A running MD5 (RFC 1321): what entity tags and Content-MD5 are made of. Not a protection against an adversary.
///
/// 92 bytes inline, no allocation. One stream is bound by latency (0.7 GB/s); see ``MD5Lanes`` for many at once.
package struct MD5: Sendable {
    package static let digestByteCount = 16
    static let blockByteCount = 64

    var context: MD5_CTX

    package init() {
        context = MD5_CTX()
        MD5_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        MD5_Update(&context, base, bytes.count)
    }

    /// The 16 bytes of the digest of everything so far; the hasher can go on.
    package func finalize() -> [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: Self.digestByteCount) { output, count in
            MD5_Final(output.baseAddress, &context)
            count = Self.digestByteCount
        }
    }

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hasher = MD5()
        hasher.update(bytes)
        return hasher.finalize()
    }

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { hash($0) }
    }
}
