// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums

/// The bytes of a small content with their checksum: the value in table `inline`.
///
/// The decoder hands out a slice, so that a hot read copies the content once.
package struct InlineRecord: Sendable, Hashable {
    package static let headerByteCount = 16
    static let version: UInt8 = 1

    /// Plain bytes.
    package let bytes: ArraySlice<UInt8>

    /// - Throws: `badChecksum` when the bytes are not those that were written.
    package init(decoding record: [UInt8]) throws(DecodeError) {
        guard record.count >= Self.headerByteCount else { throw DecodeError(.truncated, at: record.count) }
        guard record[0] == Self.version else { throw DecodeError(.unsupportedVersion, at: 0) }
        guard record[1] == ChunkEncoding.plain.rawValue, record[2] == 0, record[3] == 0 else {
            throw DecodeError(.invalidValue, at: 1)
        }
        let (count, expected, found) = record.withUnsafeBytes { raw in
            (
                raw.littleEndian(4, UInt32.self), raw.littleEndian(8, UInt64.self),
                XXH3.hash64(UnsafeRawBufferPointer(rebasing: raw[Self.headerByteCount...]))
            )
        }
        guard Int(count) == record.count - Self.headerByteCount else { throw DecodeError(.truncated, at: record.count) }
        guard expected == found else { throw DecodeError(.badChecksum, at: 8) }
        bytes = record[Self.headerByteCount...]
    }

    /// A record of `byteCount` bytes that `fill` provides; it must write each of them.
    package static func encode(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: headerByteCount + byteCount) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            let content = UnsafeMutableRawBufferPointer(rebasing: raw[headerByteCount..<headerByteCount + byteCount])
            fill(content)
            raw[0] = version
            raw[1] = ChunkEncoding.plain.rawValue
            raw[2] = 0
            raw[3] = 0
            raw.storeBytes(of: UInt32(byteCount).littleEndian, toByteOffset: 4, as: UInt32.self)
            let hash = XXH3.hash64(UnsafeRawBufferPointer(content))
            raw.storeBytes(of: hash.littleEndian, toByteOffset: 8, as: UInt64.self)
            count = headerByteCount + byteCount
        }
    }
}
