// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A running SHA-1 (FIPS 180-4), for `x-amz-checksum-sha1` and signature version 2 only.
///
/// 96 bytes inline, no allocation.
package struct SHA1: Sendable {
    package static let digestByteCount = 20

    private var context: SHA_CTX

    package init() {
        context = SHA_CTX()
        SHA1_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA1_Update(&context, base, bytes.count)
    }

    /// The 20 bytes of the digest of everything so far; the hasher can go on.
    package func finalize() -> [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: Self.digestByteCount) { output, count in
            SHA1_Final(output.baseAddress, &context)
            count = Self.digestByteCount
        }
    }

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA1()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }
}
