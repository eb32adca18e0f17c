// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Where a chunk lies and how many recipe entries name it: the value under its digest in table `chunks`.
package struct ChunkRecord: Sendable, Hashable {
    package static let encodedByteCount = 40
    static let version: UInt8 = 1

    package var encoding: ChunkEncoding
    package var pack: UInt32
    /// Of the frame's header in the pack file.
    package var offset: UInt64
    package var encodedByteCount: UInt32
    package var plainByteCount: UInt32
    /// XXH3-64 of the payload.
    package var xxh3: UInt64
    package var referenceCount: UInt64

    package init(
        encoding: ChunkEncoding,
        pack: UInt32,
        offset: UInt64,
        encodedByteCount: UInt32,
        plainByteCount: UInt32,
        xxh3: UInt64,
        referenceCount: UInt64
    ) {
        self.encoding = encoding
        self.pack = pack
        self.offset = offset
        self.encodedByteCount = encodedByteCount
        self.plainByteCount = plainByteCount
        self.xxh3 = xxh3
        self.referenceCount = referenceCount
    }

    /// Header and payload.
    package var frameByteCount: UInt64 { UInt64(PackFormat.frameHeaderByteCount) + UInt64(encodedByteCount) }

    /// In the pack.
    package var frameRange: Range<UInt64> { offset..<offset + frameByteCount }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count >= Self.encodedByteCount else { throw DecodeError(.truncated, at: bytes.count) }
        guard bytes[0] == Self.version else { throw DecodeError(.unsupportedVersion, at: 0) }
        guard bytes.count == Self.encodedByteCount else { throw DecodeError(.trailingBytes, at: Self.encodedByteCount) }
        guard let encoding = ChunkEncoding(rawValue: bytes[1]) else { throw DecodeError(.invalidValue, at: 1) }
        let fields = bytes.withUnsafeBytes { raw in
            (
                flags: raw.littleEndian(2, UInt16.self), pack: raw.littleEndian(4, UInt32.self),
                offset: raw.littleEndian(8, UInt64.self), encoded: raw.littleEndian(16, UInt32.self),
                plain: raw.littleEndian(20, UInt32.self), xxh3: raw.littleEndian(24, UInt64.self),
                count: raw.littleEndian(32, UInt64.self)
            )
        }
        guard fields.flags == 0 else { throw DecodeError(.invalidValue, at: 2) }
        guard fields.offset <= PackFormat.packByteCountMax else { throw DecodeError(.invalidValue, at: 8) }
        guard fields.encoded >= 1, fields.encoded <= fields.plain else { throw DecodeError(.invalidValue, at: 16) }
        guard fields.plain <= UInt32(PackFormat.chunkByteCountMax) else { throw DecodeError(.invalidValue, at: 20) }
        self.init(
            encoding: encoding,
            pack: fields.pack,
            offset: fields.offset,
            encodedByteCount: fields.encoded,
            plainByteCount: fields.plain,
            xxh3: fields.xxh3,
            referenceCount: fields.count
        )
    }

    package var encoded: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.encodedByteCount) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw[0] = Self.version
            raw[1] = encoding.rawValue
            raw.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
            raw.storeBytes(of: pack.littleEndian, toByteOffset: 4, as: UInt32.self)
            raw.storeBytes(of: offset.littleEndian, toByteOffset: 8, as: UInt64.self)
            raw.storeBytes(of: encodedByteCount.littleEndian, toByteOffset: 16, as: UInt32.self)
            raw.storeBytes(of: plainByteCount.littleEndian, toByteOffset: 20, as: UInt32.self)
            raw.storeBytes(of: xxh3.littleEndian, toByteOffset: 24, as: UInt64.self)
            raw.storeBytes(of: referenceCount.littleEndian, toByteOffset: 32, as: UInt64.self)
            count = Self.encodedByteCount
        }
    }
}
