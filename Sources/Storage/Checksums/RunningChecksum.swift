// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A running checksum of whichever algorithm the client chose.
package struct RunningChecksum: Sendable {
    private enum Hasher {
        case crc32(CRC32)
        case crc32c(CRC32C)
        case crc64nvme(CRC64NVME)
        case sha1(SHA1)
        case sha256(SHA256)
        case sha512(SHA512)
        case md5(MD5)
        case xxhash64(XXHash64)
        case xxhash3(XXHash3)
    }

    package let algorithm: ChecksumAlgorithm
    private var hasher: Hasher

    package init(_ algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        self.hasher =
            switch algorithm {
            case .crc32: .crc32(CRC32())
            case .crc32c: .crc32c(CRC32C())
            case .crc64nvme: .crc64nvme(CRC64NVME())
            case .sha1: .sha1(SHA1())
            case .sha256: .sha256(SHA256())
            case .sha512: .sha512(SHA512())
            case .md5: .md5(MD5())
            case .xxhash64: .xxhash64(XXHash64())
            case .xxhash3: .xxhash3(XXHash3(.bits64))
            case .xxhash128: .xxhash3(XXHash3(.bits128))
            }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch hasher {
        case .crc32(var crc):
            crc.update(bytes)
            hasher = .crc32(crc)
        case .crc32c(var crc):
            crc.update(bytes)
            hasher = .crc32c(crc)
        case .crc64nvme(var crc):
            crc.update(bytes)
            hasher = .crc64nvme(crc)
        case .sha1(var sha):
            sha.update(bytes)
            hasher = .sha1(sha)
        case .sha256(var sha):
            sha.update(bytes)
            hasher = .sha256(sha)
        case .sha512(var sha):
            sha.update(bytes)
            hasher = .sha512(sha)
        case .md5(var md5):
            md5.update(bytes)
            hasher = .md5(md5)
        case .xxhash64(var hash):
            hash.update(bytes)
            hasher = .xxhash64(hash)
        case .xxhash3(var hash):
            // The old value lets go of the storage first, so that the update finds it unshared and does not copy it.
            hasher = .crc32(CRC32())
            hash.update(bytes)
            hasher = .xxhash3(hash)
        }
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The big-endian bytes of the value of everything so far, `algorithm.byteCount` of them; the hasher can go on.
    package func finalize() -> [UInt8] {
        switch hasher {
        case .crc32(let crc): bigEndianBytes(crc.value)
        case .crc32c(let crc): bigEndianBytes(crc.value)
        case .crc64nvme(let crc): bigEndianBytes(crc.value)
        case .sha1(let sha): sha.finalize()
        case .sha256(let sha): sha.finalize().bytes
        case .sha512(let sha): sha.finalize()
        case .md5(let md5): md5.finalize()
        case .xxhash64(let hash): bigEndianBytes(hash.finalize())
        case .xxhash3(let hash): hash.finalize()
        }
    }

    package static func hash(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8]) -> [UInt8] {
        var checksum = RunningChecksum(algorithm)
        checksum.update(bytes)
        return checksum.finalize()
    }
}
