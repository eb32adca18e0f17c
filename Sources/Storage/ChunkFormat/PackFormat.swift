// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
package import StorageTypes

/// How a chunk's plain bytes became its payload. Raw values are on disk: never reuse one.
package enum ChunkEncoding: UInt8, Sendable, Hashable {
    case plain = 0
    case zstd = 1
    /// A piece of a zstd stream: reading it takes the frames of its group before it, too.
    case grouped = 2
}

/// Numbers that hold for every pack file.
package enum PackFormat {
    package static let headerByteCount = 64
    package static let frameHeaderByteCount = 64
    package static let version: UInt16 = 1
    /// Bound of a chunk, plain and encoded alike: an encoding that does not shrink it is not used.
    package static let chunkByteCountMax = 1 << 20
    /// A frame's offset has to fit in 32 bits.
    package static let packByteCountMax: UInt64 = (1 << 32) - 1
    /// Bounds of a group: what reading its last chunk may cost.
    package static let groupPlainByteCountMax = 1 << 20
    package static let groupFrameCountMax = 256
    package static let groupDistanceMax = groupPlainByteCountMax + (groupFrameCountMax - 1) * frameHeaderByteCount

    /// "DRYDPACK"
    static let headerMagic: UInt64 = 0x4b43_4150_4459_5244
    /// "FRAM"
    static let frameMagic: UInt32 = 0x4d41_5246

    /// `0000002a.pack` for 42.
    package static func fileName(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits + ".pack"
    }

    /// The id in a pack file's name; nil for any other name.
    package static func id(fileName: String) -> UInt32? {
        guard fileName.utf8.count == 13, fileName.hasSuffix(".pack"), let id = UInt32(fileName.prefix(8), radix: 16),
            self.fileName(id) == fileName
        else { return nil }
        return id
    }
}

/// The first 64 bytes of a pack file.
package struct PackHeader: Sendable, Hashable {
    package let id: UInt32
    /// Nanoseconds since 1970, for people.
    package let created: Int64

    package init(id: UInt32, created: Int64) {
        self.id = id
        self.created = created
    }

    /// - Parameter bytes: at least 64.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard bytes.count >= PackFormat.headerByteCount else { throw DecodeError(.truncated, at: bytes.count) }
        guard bytes.littleEndian(0, UInt64.self) == PackFormat.headerMagic else { throw DecodeError(.badMagic, at: 0) }
        guard bytes.littleEndian(8, UInt16.self) == PackFormat.version else {
            throw DecodeError(.unsupportedVersion, at: 8)
        }
        let covered = UnsafeRawBufferPointer(rebasing: bytes[..<60])
        guard bytes.littleEndian(60, UInt32.self) == CRC32C.hash(covered) else {
            throw DecodeError(.badChecksum, at: 60)
        }
        id = bytes.littleEndian(12, UInt32.self)
        created = bytes.littleEndian(16, Int64.self)
    }

    /// - Parameter bytes: at least 64; the first 64 are overwritten.
    package func encode(to bytes: UnsafeMutableRawBufferPointer) {
        bytes[..<PackFormat.headerByteCount].initializeMemory(as: UInt8.self, repeating: 0)
        bytes.storeBytes(of: PackFormat.headerMagic.littleEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: PackFormat.version.littleEndian, toByteOffset: 8, as: UInt16.self)
        bytes.storeBytes(of: UInt16(PackFormat.headerByteCount).littleEndian, toByteOffset: 10, as: UInt16.self)
        bytes.storeBytes(of: id.littleEndian, toByteOffset: 12, as: UInt32.self)
        bytes.storeBytes(of: created.littleEndian, toByteOffset: 16, as: Int64.self)
        let crc = CRC32C.hash(UnsafeRawBufferPointer(rebasing: bytes[..<60]))
        bytes.storeBytes(of: crc.littleEndian, toByteOffset: 60, as: UInt32.self)
    }
}

/// The 64 bytes before a chunk's payload: enough to verify it and to find it again without the metadata.
package struct FrameHeader: Sendable, Hashable {
    package let encoding: ChunkEncoding
    package let plainByteCount: UInt32
    package let encodedByteCount: UInt32
    /// XXH3-64 of the payload as it lies in the file.
    package let xxh3: UInt64
    /// SHA-256 of the plain bytes.
    package let digest: SHA256Digest
    /// From the header of the group's first frame to this one; 0 for the first, and outside of groups.
    package let groupDistance: UInt32

    package init(
        encoding: ChunkEncoding,
        plainByteCount: UInt32,
        encodedByteCount: UInt32,
        xxh3: UInt64,
        digest: SHA256Digest,
        groupDistance: UInt32 = 0
    ) {
        self.encoding = encoding
        self.plainByteCount = plainByteCount
        self.encodedByteCount = encodedByteCount
        self.xxh3 = xxh3
        self.digest = digest
        self.groupDistance = groupDistance
    }

    /// Header and payload.
    package var frameByteCount: UInt64 { UInt64(PackFormat.frameHeaderByteCount) + UInt64(encodedByteCount) }

    /// - Parameter bytes: at least 64.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard bytes.count >= PackFormat.frameHeaderByteCount else { throw DecodeError(.truncated, at: bytes.count) }
        guard bytes.littleEndian(0, UInt32.self) == PackFormat.frameMagic else { throw DecodeError(.badMagic, at: 0) }
        guard bytes.littleEndian(4, UInt8.self) == UInt8(PackFormat.version) else {
            throw DecodeError(.unsupportedVersion, at: 4)
        }
        let covered = UnsafeRawBufferPointer(rebasing: bytes[..<60])
        guard bytes.littleEndian(60, UInt32.self) == CRC32C.hash(covered) else {
            throw DecodeError(.badChecksum, at: 60)
        }
        guard let encoding = ChunkEncoding(rawValue: bytes[5]) else { throw DecodeError(.invalidValue, at: 5) }
        // Flags are for encryption; a reader that doesn't know one can't read the payload.
        guard bytes.littleEndian(6, UInt16.self) == 0 else { throw DecodeError(.invalidValue, at: 6) }
        self.encoding = encoding
        plainByteCount = bytes.littleEndian(8, UInt32.self)
        encodedByteCount = bytes.littleEndian(12, UInt32.self)
        guard (1...UInt32(PackFormat.chunkByteCountMax)).contains(plainByteCount) else {
            throw DecodeError(.invalidValue, at: 8)
        }
        guard encodedByteCount >= 1, encodedByteCount <= plainByteCount,
            encoding != .plain || encodedByteCount == plainByteCount
        else { throw DecodeError(.invalidValue, at: 12) }
        xxh3 = bytes.littleEndian(16, UInt64.self)
        digest = SHA256Digest(loading: UnsafeRawBufferPointer(rebasing: bytes[24..<56]))
        groupDistance = bytes.littleEndian(56, UInt32.self)
        guard groupDistance <= (encoding == .grouped ? UInt32(PackFormat.groupDistanceMax) : 0) else {
            throw DecodeError(.invalidValue, at: 56)
        }
    }

    /// The header of the frame that `bytes` begins with, if all of it is there and intact. Hashes the payload.
    package init?(verifying bytes: UnsafeRawBufferPointer) {
        guard let header = try? FrameHeader(decoding: bytes), header.frameByteCount <= bytes.count else { return nil }
        let payload = bytes[PackFormat.frameHeaderByteCount..<Int(header.frameByteCount)]
        guard XXH3.hash64(UnsafeRawBufferPointer(rebasing: payload)) == header.xxh3 else { return nil }
        self = header
    }

    /// - Parameter bytes: at least 64; the first 64 are overwritten.
    package func encode(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: PackFormat.frameMagic.littleEndian, toByteOffset: 0, as: UInt32.self)
        bytes[4] = UInt8(PackFormat.version)
        bytes[5] = encoding.rawValue
        bytes.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        bytes.storeBytes(of: plainByteCount.littleEndian, toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(of: encodedByteCount.littleEndian, toByteOffset: 12, as: UInt32.self)
        bytes.storeBytes(of: xxh3.littleEndian, toByteOffset: 16, as: UInt64.self)
        digest.store(to: UnsafeMutableRawBufferPointer(rebasing: bytes[24..<56]))
        bytes.storeBytes(of: groupDistance.littleEndian, toByteOffset: 56, as: UInt32.self)
        let crc = CRC32C.hash(UnsafeRawBufferPointer(rebasing: bytes[..<60]))
        bytes.storeBytes(of: crc.littleEndian, toByteOffset: 60, as: UInt32.self)
    }
}

extension UnsafeRawBufferPointer {
    /// An unaligned little-endian integer; traps outside the buffer, so check the length first.
    func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: Integer.Type) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }
}
