// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// What a client of S3 needs to sign its requests; the load generator signs with the same code that verifies.
public enum Digests: Sendable {
    /// The SHA-256 of the bytes, 32 of them.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        SHA256.hash(bytes).bytes
    }

    /// The HMAC-SHA256 of the message, 32 bytes.
    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(key: key, message: message).bytes
    }
}
