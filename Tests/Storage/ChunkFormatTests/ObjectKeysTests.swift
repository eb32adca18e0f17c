// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Testing

@Suite struct `Keys of the metadata tables` {
    private static let objectKeys: [[UInt8]] = [
        [0x00], [0x00, 0x00], [0x00, 0x01], [0x00, 0xff], [0x01], [0x61], [0x61, 0x00], [0x61, 0x00, 0x01],
        [0x61, 0x00, 0xff], [0x61, 0x01], [0x61, 0x2f, 0x62], [0x61, 0x62], [0x61, 0xff], [0xff], [0xff, 0xff],
    ]

    @Test func `upload keys sort by object key, then by initiation, and split again`() throws {
        let ids = [UploadID(time: 1, random: 9), UploadID(time: 2, random: 0), UploadID(time: .max, random: .max)]
        var previous: [UInt8] = []
        for bucket in [1, 2, 0x0100, UInt64.max] {
            for key in Self.objectKeys {
                for id in ids {
                    let bytes = ObjectKeys.upload(bucket, key, id)
                    #expect(previous.lexicographicallyPrecedes(bytes))
                    previous = bytes
                    let split = try #require(ObjectKeys.splitUpload(bytes))
                    #expect(split.bucketID == bucket && split.key == key && split.id == id)
                }
            }
        }
    }

    @Test func `an upload key's prefix is that of its object key`() {
        let id = UploadID(time: 1, random: 2)
        for key in Self.objectKeys {
            for prefix in Self.objectKeys + [[]] {
                let isPrefix = ObjectKeys.upload(7, key, id).starts(with: ObjectKeys.uploadKeyPrefix(7, prefix))
                #expect(isPrefix == key.starts(with: prefix), "\(key) and \(prefix)")
            }
        }
    }

    @Test(arguments: [
        [], [0x55], [UInt8](repeating: 0x55, count: 40), ObjectKeys.part(UploadID(time: 1, random: 1), 1),
        [0x55] + [UInt8](repeating: 1, count: 8) + [0x00, 0x02, 0x00, 0x01] + [UInt8](repeating: 2, count: 16),
    ])
    func `bytes that are no upload key don't split`(_ bytes: [UInt8]) {
        #expect(ObjectKeys.splitUpload(bytes) == nil)
    }

    @Test func `object keys split`() throws {
        let split = try #require(ObjectKeys.splitObject(ObjectKeys.object(0x0102, [0x61])))
        #expect(split.bucketID == 0x0102 && split.key == [0x61])
        #expect(ObjectKeys.splitObject(ObjectKeys.object(1, [])) == nil)
    }

    @Test func `part keys sort by number and split`() throws {
        let id = UploadID(time: 5, random: 6)
        let (lower, upper) = ObjectKeys.parts(id, after: 3)
        for number in 1...10_000 {
            let key = ObjectKeys.part(id, number)
            let inside = !key.lexicographicallyPrecedes(lower) && upper.map(key.lexicographicallyPrecedes) ?? true
            #expect(inside == (number > 3))
            let split = try #require(ObjectKeys.splitPart(key))
            #expect(split.id == id && split.number == number)
        }
        #expect(ObjectKeys.splitPart(ObjectKeys.part(id, 1) + [0]) == nil)
        let past = ObjectKeys.parts(id, after: Int(UInt16.max))
        #expect(ObjectKeys.part(id, Int(UInt16.max)).lexicographicallyPrecedes(past.lower))
    }

    @Test(
        arguments: [
            ([0x61], [0x62]), ([0x61, 0xff], [0x62]), ([0x61, 0x00], [0x61, 0x01]), ([0xff, 0xff], nil), ([], nil),
        ] as [([UInt8], [UInt8]?)]
    )
    func `the successor of a prefix`(_ prefix: [UInt8], _ successor: [UInt8]?) {
        #expect(ObjectKeys.successor(ofPrefix: prefix) == successor)
    }

    @Test func `upload identifiers read what they show`() {
        let id = UploadID(time: 0x0102_0304_0506_0708, random: 0xf1f2_f3f4_f5f6_f7f8)
        #expect(id.string == "0102030405060708f1f2f3f4f5f6f7f8")
        #expect(UploadID(id.string) == id)
        #expect(UploadID(id.string.uppercased()) == id)
        for text in ["", "0", String(id.string.dropLast()), id.string + "0", String(repeating: "x", count: 32)] {
            #expect(UploadID(text) == nil)
        }
    }
}
