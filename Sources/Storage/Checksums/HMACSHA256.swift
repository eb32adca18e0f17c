// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A keyed hash over SHA-256 (RFC 2104), the building block of signature version 4.
package enum HMACSHA256 {
    /// No allocation for keys of up to 64 bytes.
    package static func authenticate(key: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer) -> SHA256Digest {
        if key.count > SHA256.blockByteCount {
            return SHA256.hash(key).bytes.withUnsafeBytes { authenticate(key: $0, message: message) }
        }
        return withUnsafeTemporaryAllocation(byteCount: SHA256.blockByteCount, alignment: 8) { pad in
            pad.initializeMemory(as: UInt8.self, repeating: 0x36)
            for index in key.indices { pad[index] ^= key[index] }
            var inner = SHA256()
            inner.update(UnsafeRawBufferPointer(pad))
            inner.update(message)

            for index in pad.indices { pad[index] ^= 0x36 ^ 0x5c }
            var outer = SHA256()
            outer.update(UnsafeRawBufferPointer(pad))
            let words = inner.finalize().words
            let digest = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
            withUnsafeBytes(of: digest) { outer.update($0) }
            return outer.finalize()
        }
    }

    package static func authenticate(key: [UInt8], message: [UInt8]) -> SHA256Digest {
        key.withUnsafeBytes { key in
            message.withUnsafeBytes { authenticate(key: key, message: $0) }
        }
    }

    /// With an earlier result as the key, as the derivation of a signing key chains them.
    package static func authenticate(key: SHA256Digest, message: [UInt8]) -> SHA256Digest {
        authenticate(key: key.bytes, message: message)
    }
}
