// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct `Object keys` {
    @Test(arguments: [
        "a", "/", "//", ".", "..", "../../etc/passwd", "a\u{0}b", "\n", " ", "ключ/🚢", "a//b/",
        String(repeating: "k", count: 1_024), String(repeating: "ä", count: 512),
    ])
    func `are any UTF-8 of up to 1,024 bytes`(_ text: String) throws {
        let key = try ObjectKey(text)
        #expect(key.bytes == [UInt8](text.utf8))
        #expect(key.string == text)
    }

    @Test(arguments: [String(repeating: "k", count: 1_025), String(repeating: "ä", count: 513)])
    func `above 1,024 bytes are refused`(_ text: String) {
        #expect(throws: StoreError(.keyTooLong)) { try ObjectKey(text) }
    }

    @Test(
        arguments: [
            [], [0xff], [0x61, 0x80], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func `that are empty or no UTF-8 are refused`(_ bytes: [UInt8]) {
        #expect(throws: StoreError(.invalidURI)) { try ObjectKey(bytes: bytes) }
    }

    @Test func `with canonically equivalent spellings are different`() throws {
        let composed = try ObjectKey("\u{e9}")
        let decomposed = try ObjectKey("e\u{301}")
        #expect(composed.string == decomposed.string, "to Swift they are the same text")
        #expect(composed != decomposed)
        #expect(decomposed < composed)
    }

    /// UTF-16 would put U+FF5E behind U+1F6A2's surrogates.
    @Test func `are ordered by their bytes`() throws {
        let keys = try ["🚢", "\u{ff5e}", "b", "a/", "a", "a!", "A"].map { try ObjectKey($0) }
        #expect(keys.sorted().map(\.string) == ["A", "a", "a!", "a/", "b", "\u{ff5e}", "🚢"])
    }
}
