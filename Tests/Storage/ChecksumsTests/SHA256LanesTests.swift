// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Checksums

@Suite struct `SHA-256 of several messages` {
    @Test func `equals that of each alone`() {
        var generator = TestGenerator(seed: 31)
        for count in 0...9 {
            for byteCountMax in [0, 1, 63, 64, 65, 200, 20_000] {
                let messages = (0..<count).map { _ in
                    generator.bytes(count: Int.random(in: 0...byteCountMax, using: &generator))
                }
                check(messages)
            }
        }
    }

    @Test func `takes messages of any two lengths and the same one twice`() {
        var generator = TestGenerator(seed: 32)
        let bytes = generator.bytes(count: 300)
        for first in [0, 1, 64, 127, 128, 256, 300] {
            for second in [0, 63, 64, 128, 255] {
                check([[UInt8](bytes[..<first]), [UInt8](bytes[..<second]), bytes, bytes])
            }
        }
    }

    private func check(_ messages: [[UInt8]]) {
        let copies = messages.map { message in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
            copy.copyBytes(from: message)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        #expect(SHA256.hash(copies.map { UnsafeRawBufferPointer($0) }) == messages.map { SHA256.hash($0) })
    }
}
