// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Testing

@Suite struct `Engine records` {
    @Test(arguments: EngineSamples.all.indices)
    func `keep their bytes`(_ index: Int) throws {
        let sample = EngineSamples.all[index]
        let bytes = try GoldenRecord.check(sample.bytes, sample.name)
        #expect(try sample.roundTrip(bytes) == bytes)
    }

    @Test func `keep their keys`() throws {
        let keys: [(String, [UInt8])] = [
            ("key-pack", EngineKeys.pack(42)), ("key-quarantine", EngineKeys.quarantine(pack: 42, offset: 4_096)),
            ("key-join", EngineKeys.join(EngineSamples.recipeID)),
            ("key-reclaim", EngineKeys.reclaim(EngineSamples.recipeID)),
            ("key-pending", EngineKeys.pending(EngineSamples.recipeID)),
            ("key-head", EngineKeys.head(EngineSamples.recipeID)),
            ("key-segment", EngineKeys.segment(EngineSamples.recipeID, 258)),
            ("key-chunk", EngineKeys.chunk(EngineSamples.digest)),
            ("key-inline", EngineKeys.inline(EngineSamples.recipeID)),
        ]
        for (name, bytes) in keys { try GoldenRecord.check(bytes, name) }
    }

    @Test(arguments: EngineSamples.all.indices)
    func `are refused at every shorter length`(_ index: Int) {
        let sample = EngineSamples.all[index]
        for count in sample.bytes.indices {
            #expect(throws: DecodeError.self, "\(sample.name), \(count) bytes") {
                try sample.roundTrip([UInt8](sample.bytes[..<count]))
            }
        }
    }

    /// What frames and inline bytes promise: no bit of them can turn without being found. Records in the metadata are
    /// covered by the checksums of the store below them.
    @Test(arguments: ["pack-header", "frame-header", "frame-header-grouped", "inline"])
    func `are refused with any bit flipped`(_ name: String) throws {
        let sample = try #require(EngineSamples.all.first { $0.name == name })
        for bit in 0..<(sample.bytes.count * 8) {
            var bytes = sample.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: DecodeError.self, "bit \(bit)") { try sample.roundTrip(bytes) }
        }
    }

    /// Any bytes at all are an error or a record, never a trap.
    @Test(arguments: EngineSamples.all.indices)
    func `survive random damage`(_ index: Int) {
        let sample = EngineSamples.all[index]
        var state = UInt64(index) &+ 1
        func random() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for _ in 0..<5_000 {
            var bytes = sample.bytes
            for _ in 0...(random() % 4) { bytes[random() % bytes.count] = UInt8(truncatingIfNeeded: random()) }
            if random() % 4 == 0 { bytes.append(UInt8(truncatingIfNeeded: random())) }
            _ = try? sample.roundTrip(bytes)
        }
    }

    @Test func `name their pack files`() {
        #expect(PackFormat.fileName(42) == "0000002a.pack")
        #expect(PackFormat.id(fileName: "0000002a.pack") == 42)
        for name in ["2a.pack", "0000002A.pack", "0000002a.pac", "0000002a.pack~", "+000002a.pack", ""] {
            #expect(PackFormat.id(fileName: name) == nil, "\(name)")
        }
    }
}
