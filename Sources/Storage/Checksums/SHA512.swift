// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A running SHA-512 (FIPS 180-4).
///
/// 216 bytes inline, no allocation. ``state`` and ``init(_:)-(State)`` let it rest on disk half-way.
package struct SHA512: Sendable {
    package static let digestByteCount = 64
    static let blockByteCount = 128

    var context: SHA512_CTX

    package init() {
        context = SHA512_CTX()
        SHA512_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA512_Update(&context, base, bytes.count)
    }

    /// The 64 bytes of the digest of everything so far; the hasher can go on.
    package func finalize() -> [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: Self.digestByteCount) { output, count in
            SHA512_Final(output.baseAddress, &context)
            count = Self.digestByteCount
        }
    }

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA512()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }
}
