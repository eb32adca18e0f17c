// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import StorageTypes

/// One record of each structure of the engine, as bytes, with the decoder that must take them.
enum EngineSamples {
    struct Sample: Sendable {
        let name: String
        let bytes: [UInt8]
        /// Decodes and encodes again.
        let roundTrip: @Sendable ([UInt8]) throws(DecodeError) -> [UInt8]
    }

    static let payload = [UInt8]("Drydock keeps bytes.\n".utf8)
    static let digest = payload.withUnsafeBytes { SHA256.hash($0) }
    static let xxh3 = payload.withUnsafeBytes { XXH3.hash64($0) }
    static let byteCount = UInt32(payload.count)
    static let recipeID: UInt64 = 0x0000_0100_0000_0009

    static let packHeader = PackHeader(id: 42, created: RecordSamples.time.nanoseconds)
    static let frameHeader = FrameHeader(
        encoding: .plain,
        plainByteCount: byteCount,
        encodedByteCount: byteCount,
        xxh3: xxh3,
        digest: digest
    )
    /// The second of a group.
    static let groupedFrameHeader = FrameHeader(
        encoding: .grouped,
        plainByteCount: 70,
        encodedByteCount: 18,
        xxh3: 0xe157_f6a5_efd2_a4b6,
        digest: [UInt8](("Again: " + String(repeating: "Drydock keeps bytes.\n", count: 3)).utf8).withUnsafeBytes {
            SHA256.hash($0)
        },
        groupDistance: 100
    )
    static let chunk = ChunkRecord(
        encoding: .plain,
        pack: 42,
        offset: 64,
        encodedByteCount: byteCount,
        plainByteCount: byteCount,
        xxh3: xxh3,
        referenceCount: 3
    )
    static let head = ContentHead(
        kind: .recipe,
        referenceCount: 2,
        size: UInt64(byteCount),
        segmentCount: 1,
        entryCount: 1
    )
    static let recipe = RecipeSegment(
        start: 0,
        entries: [
            RecipeEntry(digest: digest, plainByteCount: byteCount, encodedByteCount: byteCount, pack: 42, offset: 64)
        ]
    )
    static let assembly = AssemblySegment(
        start: 0,
        parts: [
            AssemblyPart(
                number: 1,
                content: ContentReference(kind: .recipe, id: recipeID, size: 5 << 20),
                md5: RecordSamples.etag.bytes,
                checksum: ChecksumValue(algorithm: .crc32, type: .composite, bytes: [1, 2, 3, 4])
            ),
            AssemblyPart(number: 7, content: .empty, md5: RecordSamples.etag.bytes, checksum: nil),
        ]
    )
    /// After its parts were joined.
    static let joined = AssemblySegment(
        start: 0,
        parts: [(1, 5 << 20), (2, 21)].map { number, size in
            AssemblyPart(
                number: number,
                content: ContentReference(kind: .stretch, id: recipeID, size: size),
                md5: RecordSamples.etag.bytes,
                checksum: nil
            )
        }
    )
    static let pack = PackRecord(
        state: .open,
        isRecompressed: true,
        committedEnd: 4_096,
        liveByteCount: 85,
        liveFrameCount: 1
    )
    static let quarantine = QuarantineRecord(digest: digest, seen: RecordSamples.time, reason: "bit rot")
    static let scrub = ScrubRecord(started: RecordSamples.time, completed: Timestamp(nanoseconds: 0), nextPack: 42)
    static let inline = InlineRecord.encode(byteCount: payload.count) { $0.copyBytes(from: payload) }

    static func encoded(_ header: PackHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xff, count: PackFormat.headerByteCount)
        bytes.withUnsafeMutableBytes { header.encode(to: $0) }
        return bytes
    }

    static func encoded(_ header: FrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xff, count: PackFormat.frameHeaderByteCount)
        bytes.withUnsafeMutableBytes { header.encode(to: $0) }
        return bytes
    }

    private static func decoding<Value>(
        _ bytes: [UInt8],
        _ decode: (UnsafeRawBufferPointer) throws(DecodeError) -> Value
    ) throws(DecodeError) -> Value {
        let result: Result<Value, DecodeError> = bytes.withUnsafeBytes { raw in
            do throws(DecodeError) { return .success(try decode(raw)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    static let all: [Sample] = [
        Sample(name: "pack-header", bytes: encoded(packHeader)) { bytes throws(DecodeError) in
            encoded(try decoding(bytes) { raw throws(DecodeError) in try PackHeader(decoding: raw) })
        },
        Sample(name: "frame-header", bytes: encoded(frameHeader)) { bytes throws(DecodeError) in
            encoded(try decoding(bytes) { raw throws(DecodeError) in try FrameHeader(decoding: raw) })
        },
        Sample(name: "frame-header-grouped", bytes: encoded(groupedFrameHeader)) { bytes throws(DecodeError) in
            encoded(try decoding(bytes) { raw throws(DecodeError) in try FrameHeader(decoding: raw) })
        },
        Sample(name: "chunk", bytes: chunk.encoded) { bytes throws(DecodeError) in
            try ChunkRecord(decoding: bytes).encoded
        },
        Sample(name: "content-head", bytes: head.encoded) { bytes throws(DecodeError) in
            try ContentHead(decoding: bytes).encoded
        },
        Sample(name: "recipe-segment", bytes: recipe.encoded) { bytes throws(DecodeError) in
            try RecipeSegment(decoding: bytes).encoded
        },
        Sample(name: "assembly-segment", bytes: assembly.encoded) { bytes throws(DecodeError) in
            try AssemblySegment(decoding: bytes).encoded
        },
        Sample(name: "assembly-segment-joined", bytes: joined.encoded) { bytes throws(DecodeError) in
            try AssemblySegment(decoding: bytes).encoded
        },
        Sample(name: "pack-record", bytes: pack.encoded) { bytes throws(DecodeError) in
            try PackRecord(decoding: bytes).encoded
        },
        Sample(name: "quarantine", bytes: quarantine.encoded) { bytes throws(DecodeError) in
            try QuarantineRecord(decoding: bytes).encoded
        },
        Sample(name: "scrub", bytes: scrub.encoded) { bytes throws(DecodeError) in
            try ScrubRecord(decoding: bytes).encoded
        },
        Sample(name: "inline", bytes: inline) { bytes throws(DecodeError) in
            let plain = try InlineRecord(decoding: bytes).bytes
            return InlineRecord.encode(byteCount: plain.count) { $0.copyBytes(from: plain) }
        },
        Sample(
            name: "store-format",
            bytes: StoreFormat(created: RecordSamples.time.nanoseconds).encoded
        ) { bytes throws(DecodeError) in
            try StoreFormat(decoding: bytes).encoded
        },
        Sample(name: "sequence", bytes: SequenceRecord(generation: 3, nextPack: 43).encoded) {
            bytes throws(DecodeError) in
            try SequenceRecord(decoding: bytes).encoded
        },
    ]
}
