// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Testing

/// Whatever stands on the disk, reading it ends in a record or in a `DecodeError`.
@Suite struct `Object records that are damaged` {
    private struct Codec: Sendable {
        let name: String
        let bytes: [UInt8]
        /// Decodes and encodes again.
        let decode: @Sendable ([UInt8]) throws -> [UInt8]
    }

    private static let decoders: [Codec] = {
        var codecs: [Codec] = []
        for (name, record) in RecordSamples.versions {
            codecs.append(Codec(name: name, bytes: record.encoded()) { try VersionRecord(decoding: $0).encoded() })
        }
        for (name, record) in RecordSamples.uploads {
            codecs.append(Codec(name: name, bytes: record.encoded()) { try UploadRecord(decoding: $0).encoded() })
        }
        codecs.append(
            Codec(name: "part", bytes: RecordSamples.part.encoded()) { try PartRecord(decoding: $0).encoded() }
        )
        codecs.append(
            Codec(name: "bucket", bytes: RecordSamples.bucket.encoded()) { try BucketRecord(decoding: $0).encoded() }
        )
        codecs.append(
            Codec(name: "integer", bytes: SystemValue.encode(integer: 7)) {
                SystemValue.encode(integer: try SystemValue.decode(integer: $0))
            }
        )
        return codecs
    }()

    @Test(arguments: decoders.indices)
    func `a cut record is an error or a shorter record`(_ index: Int) {
        let codec = Self.decoders[index]
        for count in 0..<codec.bytes.count {
            // Between two fields a cut is not visible to the codec: the metadata store's checksum has to see it.
            guard let again = try? codec.decode([UInt8](codec.bytes.prefix(count))) else { continue }
            #expect(again.count <= count || codec.name == "bucket", "\(codec.name) cut at \(count)")
        }
    }

    @Test(arguments: decoders.indices)
    func `a flipped bit never traps`(_ index: Int) {
        let codec = Self.decoders[index]
        for position in codec.bytes.indices {
            for bit in 0..<8 {
                var damaged = codec.bytes
                damaged[position] ^= 1 << UInt8(bit)
                do { _ = try codec.decode(damaged) } catch { #expect(error is DecodeError) }
            }
        }
    }

    @Test(arguments: decoders.indices)
    func `random bytes never trap`(_ index: Int) {
        let codec = Self.decoders[index]
        var generator = SplitMix(seed: UInt64(index))
        for _ in 0..<2_000 {
            var damaged = codec.bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                damaged[Int.random(in: 1..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            do { _ = try codec.decode(damaged) } catch { #expect(error is DecodeError) }
        }
    }

    @Test(arguments: decoders.indices)
    func `an unknown format version is named`(_ index: Int) {
        let codec = Self.decoders[index]
        var bytes = codec.bytes
        bytes[0] = 2
        #expect(throws: DecodeError(.unsupportedVersion, at: 0)) { try codec.decode(bytes) }
        #expect(throws: DecodeError(.truncated, at: 0)) { try codec.decode([]) }
    }

    @Test func `an unknown flag is refused`() {
        var bytes = RecordSamples.versions[0].record.encoded()
        bytes[1] |= 0x80
        #expect(throws: DecodeError(.invalidValue, at: 1)) { try VersionRecord(decoding: bytes) }
    }

    @Test func `the error names the offset`() {
        var bytes = RecordSamples.versions[0].record.encoded()
        // The first field's value stands behind its tag and count; it is no UTF-8 then.
        bytes[VersionHeader.byteCount + 2] = 0xff
        #expect(throws: DecodeError(.invalidValue, at: VersionHeader.byteCount)) { try VersionRecord(decoding: bytes) }
        // Its count claims more than there is.
        bytes[VersionHeader.byteCount + 1] = 0x7f
        #expect(throws: DecodeError(.truncated, at: VersionHeader.byteCount + 2)) { try VersionRecord(decoding: bytes) }
    }
}

@Suite struct `Version records` {
    @Test func `a listing reads what the record says`() throws {
        for (_, record) in RecordSamples.versions {
            let listing = try record.encoded().withUnsafeBytes { try VersionListing(decoding: $0) }
            #expect(listing.header.content == record.content)
            #expect(listing.header.etag == record.etag)
            #expect(listing.header.lastModified == record.lastModified)
            #expect(listing.header.isDeleteMarker == record.isDeleteMarker)
            #expect(listing.header.partCount == record.partCount)
            #expect(listing.header.checksumAlgorithm == record.fields.checksums.first?.algorithm)
            #expect(listing.header.checksumType == record.fields.checksums.first?.type)
            #expect(listing.storageClass == record.fields.metadata.storageClass)
        }
    }

    @Test func `a copy keeps what describes the bytes and drops what belongs to the source`() {
        let source = RecordSamples.fullFields
        let copy = source.copied(replacing: nil)
        #expect(copy.metadata == source.metadata)
        #expect(copy.checksums == source.checksums)
        #expect(copy.encryption == source.encryption)
        #expect(copy.unknown == source.unknown)
        #expect(copy.completedUpload == nil)
        #expect(copy.versionID == nil)
        #expect(copy.retention == nil)
        #expect(copy.legalHold == nil)
        #expect(copy.accessControl == nil)
        let replacement = ObjectMetadata(contentType: "a/b")
        #expect(source.copied(replacing: replacement).metadata == replacement)
    }

    @Test func `names of every length class survive`() throws {
        for count in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            var record = RecordSamples.versions[0].record
            record.fields.metadata.userFields = [.init(name: String(repeating: "n", count: count), value: "v")]
            #expect(try VersionRecord(decoding: record.encoded()) == record)
        }
    }
}

/// A generator whose seed reproduces a failure.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
