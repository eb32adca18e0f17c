// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import StorageTypes

/// A running SHA-256 (FIPS 180-4), through OpenSSL's SHA-NI code where the CPU has it.
///
/// 112 bytes inline, no allocation. ``state`` and ``init(_:)-(State)`` let it rest on disk half-way.
package struct SHA256: Sendable {
    package static let digestByteCount = 32
    static let blockByteCount = 64

    var context: SHA256_CTX

    package init() {
        context = SHA256_CTX()
        SHA256_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA256_Update(&context, base, bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of everything so far; the hasher can go on.
    package func finalize() -> SHA256Digest {
        var context = context
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { output in
            _ = SHA256_Final(output.assumingMemoryBound(to: UInt8.self).baseAddress, &context)
        }
        return SHA256Digest(
            words: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        )
    }

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }

    package static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { hash($0) }
    }
}
