// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The additional checksums a client may name (`spec/s3.md` §4). Raw values are on disk: never reuse one.
package enum ChecksumAlgorithm: UInt8, Sendable, Hashable, CaseIterable {
    case crc32 = 1
    case crc32c = 2
    case crc64nvme = 3
    case sha1 = 4
    case sha256 = 5
    case sha512 = 6
    case md5 = 7
    case xxhash64 = 8
    case xxhash3 = 9
    case xxhash128 = 10

    /// The length of a value in bytes.
    package var byteCount: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme, .xxhash64, .xxhash3: 8
        case .md5, .xxhash128: 16
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// As `x-amz-checksum-algorithm` spells it.
    package var name: String {
        switch self {
        case .crc32: "CRC32"
        case .crc32c: "CRC32C"
        case .crc64nvme: "CRC64NVME"
        case .sha1: "SHA1"
        case .sha256: "SHA256"
        case .sha512: "SHA512"
        case .md5: "MD5"
        case .xxhash64: "XXHASH64"
        case .xxhash3: "XXHASH3"
        case .xxhash128: "XXHASH128"
        }
    }
}

/// Whether a value covers the object's bytes or the values of its parts. Raw values are on disk.
package enum ChecksumType: UInt8, Sendable, Hashable {
    case fullObject = 1
    case composite = 2
}

/// One checksum value, big-endian bytes as the header carries them before base64.
package struct ChecksumValue: Sendable, Hashable {
    package let algorithm: ChecksumAlgorithm
    package let type: ChecksumType
    package let bytes: [UInt8]
    /// Behind the dash of a composite value; 0 for a full-object one.
    package let partCount: UInt32

    package init(algorithm: ChecksumAlgorithm, type: ChecksumType = .fullObject, bytes: [UInt8], partCount: UInt32 = 0)
    {
        precondition(bytes.count == algorithm.byteCount, "a \(algorithm.name) value holds \(algorithm.byteCount) bytes")
        self.algorithm = algorithm
        self.type = type
        self.bytes = bytes
        self.partCount = partCount
    }
}
