// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct `Entity tags` {
    static let hex = "b2add96cc9702bbf4efb0ccdfc6b7747"

    @Test(
        arguments: [
            (hex, 0), ("\"\(hex)\"", 0), (hex.uppercased(), 0), (hex + "-3", 3), ("\"\(hex)-10000\"", 10_000),
        ] as [(String, UInt32)]
    )
    func `are read with or without quotes and part count`(text: String, partCount: UInt32) throws {
        let tag = try #require(ETag(text))
        #expect(tag.bytes == Hex.decode(Self.hex.utf8))
        #expect(tag.partCount == partCount)
    }

    @Test(arguments: [
        "", "\"\"", "\"", "*", hex + "-", hex + "-0", hex + "-x", hex + "--1", hex + "-4294967296",
        String(hex.dropLast()),
        hex + "0", hex + "00", "g" + hex.dropFirst(), "W/\"\(hex)\"", "\"\(hex)",
    ])
    func `are refused`(_ text: String) {
        #expect(ETag(text) == nil)
    }

    @Test func `are written in lower case`() throws {
        let bytes = try #require(Hex.decode(Self.hex.utf8))
        #expect(ETag(bytes: bytes).string == Self.hex)
        #expect(ETag(bytes: bytes).quoted == "\"\(Self.hex)\"")
        #expect(ETag(bytes: bytes, partCount: 3).string == Self.hex + "-3")
        #expect(ETag(bytes: bytes, partCount: 3) != ETag(bytes: bytes))
    }
}

@Suite struct `Hexadecimal text` {
    @Test func `goes both ways for every byte`() {
        let bytes = [UInt8](0...255)
        let text = Hex.encode(bytes)
        #expect(text.utf8.count == 512)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff"))
        #expect(Hex.decode(text.utf8) == bytes)
        #expect(Hex.decode(text.uppercased().utf8) == bytes)
    }

    @Test(arguments: ["a", "abc", "0g", "/0", ":0", "@0", "`0", "0 ", "+1", "0x", "é"])
    func `that is none is refused`(_ text: String) {
        #expect(Hex.decode(text.utf8) == nil)
    }

    @Test func `of nothing is nothing`() {
        #expect(Hex.encode([]) == "")
        #expect(Hex.decode("".utf8) == [])
    }
}
