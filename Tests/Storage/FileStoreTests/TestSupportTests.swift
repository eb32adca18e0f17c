// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

/// Test doubles get tests.
@Suite struct TestSupportTests {
    @Test func `the generator is SplitMix64`() {
        // The first outputs for the seed 1234567, as published with the reference implementation.
        let random = SeededRandom(seed: 1_234_567)
        var generator = SeededGenerator(seed: 1_234_567)
        for expected in [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423] as [UInt64] {
            #expect(random.next() == expected)
            #expect(generator.next() == expected)
        }
    }

    @Test func `any range of a pattern equals that part of the whole`() {
        let content = PatternContent(seed: 9)
        let whole = content.bytes(0..<1_000)
        for lower in stride(from: 0, to: 100, by: 7) {
            for count in [0, 1, 3, 8, 9, 64, 500] {
                let range = UInt64(lower)..<UInt64(lower + count)
                #expect(content.bytes(range) == Array(whole[lower..<lower + count]))
            }
        }
        #expect(PatternContent(seed: 10).bytes(0..<64) != content.bytes(0..<64))
        #expect(content.buffer(3..<9).readableBytes == 6)
    }

    @Test func `compressible content has few letters, the other has all`() {
        #expect(Set(PatternContent(seed: 1, isCompressible: true).bytes(0..<4_096)) == [100, 101, 102, 103])
        #expect(Set(PatternContent(seed: 1).bytes(0..<16_384)).count == 256)
    }

    @Test func `a manual clock moves when it is told`() {
        let clock = ManualClock()
        let start = clock.now()
        clock.advance(bySeconds: 90)
        clock.advance(byNanoseconds: -1)
        #expect(clock.now().nanoseconds - start.nanoseconds == 89_999_999_999)
        clock.set(start)
        #expect(clock.now() == FixedClock().now())
    }

    @Test func `a temporary directory goes with all it holds`() throws {
        let path: String
        do {
            let directory = TemporaryDirectory()
            path = directory.path
            try LinuxFileSystem().makeDirectory(directory.file("d"))
            _ = try LinuxFileSystem().open(directory.file("d/f"), .create)
            #expect(try LinuxFileSystem().exists(directory.file("d/f")))
        }
        #expect(try !LinuxFileSystem().exists(path))
    }
}
