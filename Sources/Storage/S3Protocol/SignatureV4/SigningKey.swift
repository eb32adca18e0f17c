// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes
import Synchronization

/// A derived signing key, ready for use: both SHA-256 states of its HMAC after their first block.
///
/// Keeping the states saves two of the four compressions of every short HMAC.
struct SigningKey: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    init(_ key: SHA256Digest) {
        self.init(bytes: key.bytes)
    }

    private init(bytes: [UInt8]) {
        var pad = [UInt8](repeating: 0x36, count: 64)
        for (index, byte) in bytes.enumerated() { pad[index] ^= byte }
        var inner = SHA256()
        inner.update(pad)
        for index in pad.indices { pad[index] ^= 0x36 ^ 0x5C }
        var outer = SHA256()
        outer.update(pad)
        self.inner = inner
        self.outer = outer
    }

    /// The key of a day, a region and a service (S3).
    static func derive(secretKey: String, day: Substring, region: Substring) -> SigningKey {
        let date = HMACSHA256.authenticate(key: Array("AWS4".utf8) + Array(secretKey.utf8), message: Array(day.utf8))
        let regional = HMACSHA256.authenticate(key: date, message: Array(region.utf8))
        let service = HMACSHA256.authenticate(key: regional, message: Array("s3".utf8))
        return SigningKey(HMACSHA256.authenticate(key: service, message: Array("aws4_request".utf8)))
    }

    func authenticate(_ message: [UInt8]) -> SHA256Digest {
        var first = inner
        first.update(message)
        let words = first.finalize().words
        var second = outer
        withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)) {
            second.update($0)
        }
        return second.finalize()
    }
}

/// Signing keys that were used lately, so that a request costs one HMAC and not five.
///
/// Bounded; only keys that have verified a signature get in, so a stranger can't push others out.
package final class SigningKeyCache: Sendable {
    package static let entryCountMax = 1_024

    private struct Name: Hashable {
        var accessKey: String
        var day: Substring
        var region: Substring
    }

    private struct Entry {
        /// A key pair that was replaced under the same name must not verify with the old secret.
        var secretKey: String
        var key: SigningKey
    }

    private let entries = Mutex<[Name: Entry]>([:])

    package init() {}

    package var count: Int { entries.withLock { $0.count } }

    func key(for credential: Credential, day: Substring, region: Substring) -> SigningKey? {
        entries.withLock { entries in
            guard let entry = entries[Name(accessKey: credential.accessKey, day: day, region: region)],
                entry.secretKey == credential.secretKey
            else { return nil }
            return entry.key
        }
    }

    func insert(_ key: SigningKey, for credential: Credential, day: Substring, region: Substring) {
        // Copies of the slices, so that the entry does not keep the request's header alive.
        let name = Name(
            accessKey: credential.accessKey,
            day: Substring(String(day)),
            region: Substring(String(region)),
        )
        entries.withLock { entries in
            if entries.count >= Self.entryCountMax {
                entries = entries.filter { $0.key.day >= day }
                if entries.count >= Self.entryCountMax { entries.removeAll() }
            }
            entries[name] = Entry(secretKey: credential.secretKey, key: key)
        }
    }
}

extension SHA256Digest {
    /// Takes the same time wherever the two differ.
    func equalsInConstantTime(_ other: SHA256Digest) -> Bool {
        let difference =
            (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2)
            | (words.3 ^ other.words.3)
        return difference == 0
    }

    /// Appends 64 lower-case digits.
    func appendHex(to output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { digits in
            withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)) { bytes in
                for index in 0..<32 {
                    let (high, low) = (bytes[index] >> 4, bytes[index] & 15)
                    digits[index * 2] = high < 10 ? high &+ 48 : high &+ 87
                    digits[index * 2 + 1] = low < 10 ? low &+ 48 : low &+ 87
                }
            }
            output.append(contentsOf: digits)
        }
    }
}
