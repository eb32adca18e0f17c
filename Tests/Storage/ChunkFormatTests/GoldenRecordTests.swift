// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Testing

/// The bytes of format version 1, written down: a change that moves one is a new format version.
@Suite struct `Object records keep their bytes` {
    @Test(arguments: RecordSamples.versions.indices)
    func `a version record`(_ index: Int) throws {
        let (name, record) = RecordSamples.versions[index]
        let bytes = try GoldenRecord.check(record.encoded(), name)
        #expect(try VersionRecord(decoding: bytes) == record)
    }

    @Test(arguments: RecordSamples.uploads.indices)
    func `an upload record`(_ index: Int) throws {
        let (name, record) = RecordSamples.uploads[index]
        let bytes = try GoldenRecord.check(record.encoded(), name)
        #expect(try UploadRecord(decoding: bytes) == record)
    }

    @Test func `a part record`() throws {
        let bytes = try GoldenRecord.check(RecordSamples.part.encoded(), "part")
        #expect(try PartRecord(decoding: bytes) == RecordSamples.part)
    }

    @Test func `a bucket record`() throws {
        let bytes = try GoldenRecord.check(RecordSamples.bucket.encoded(), "bucket")
        #expect(try BucketRecord(decoding: bytes) == RecordSamples.bucket)
    }

    @Test func `small system values`() throws {
        let integer = try GoldenRecord.check(SystemValue.encode(integer: 0x0102_0304), "system-integer")
        #expect(try SystemValue.decode(integer: integer) == 0x0102_0304)
        let text = try GoldenRecord.check(SystemValue.encode("{}".utf8), "system-bytes")
        #expect(try SystemValue.decode(text) == ArraySlice("{}".utf8))
    }

    @Test func `the keys of all tables`() throws {
        let key: [UInt8] = [0x61, 0x00, 0xff, 0x62]
        let keys: [(String, [UInt8])] = [
            ("key-bucket", ObjectKeys.bucket(BucketName(stored: "photos"))),
            ("key-bucket-document", ObjectKeys.bucketDocument(17, kind: 1)),
            ("key-dropped-bucket", ObjectKeys.droppedBucket(17)),
            ("key-next-bucket-id", ObjectKeys.nextBucketID),
            ("key-object", ObjectKeys.object(17, key)),
            ("key-upload", ObjectKeys.upload(17, key, RecordSamples.uploadID)),
            ("key-part", ObjectKeys.part(RecordSamples.uploadID, 258)),
        ]
        for (name, bytes) in keys { try GoldenRecord.check(bytes, name) }
    }
}
