// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims

/// A running CRC-32 of IEEE 802.3, the one of zlib and Ethernet.
package struct CRC32: Sendable, Hashable {
    /// The value of everything so far.
    package private(set) var value: UInt32

    /// - Parameter value: what was computed for the bytes before; 0 for none.
    package init(value: UInt32 = 0) {
        self.value = value
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = drydock_crc32(value, bytes.baseAddress, bytes.count)
    }

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        drydock_crc32(0, bytes.baseAddress, bytes.count)
    }
}

/// A running CRC-32C (Castagnoli, RFC 3720), which also guards the headers of our own formats.
package struct CRC32C: Sendable, Hashable {
    /// The value of everything so far.
    package private(set) var value: UInt32

    /// - Parameter value: what was computed for the bytes before; 0 for none.
    package init(value: UInt32 = 0) {
        self.value = value
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = drydock_crc32c(value, bytes.baseAddress, bytes.count)
    }

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        drydock_crc32c(0, bytes.baseAddress, bytes.count)
    }

    package static func hash(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { hash($0) }
    }
}

/// A running CRC-64/NVME (NVM Express command set; `spec/s3.md` §4), S3's default checksum.
package struct CRC64NVME: Sendable, Hashable {
    /// The value of everything so far.
    package private(set) var value: UInt64

    /// - Parameter value: what was computed for the bytes before; 0 for none.
    package init(value: UInt64 = 0) {
        self.value = value
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = drydock_crc64nvme(value, bytes.baseAddress, bytes.count)
    }

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        drydock_crc64nvme(0, bytes.baseAddress, bytes.count)
    }
}
