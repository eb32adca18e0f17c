// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes
import Testing

@Suite struct `Streaming` {
    @Test(arguments: ChecksumAlgorithm.allCases)
    func `pieces of any size give the value of the whole`(_ algorithm: ChecksumAlgorithm) {
        var generator = TestGenerator(seed: 1)
        for count in [0, 1, 63, 64, 65, 127, 128, 129, 255, 4_095, 4_096, 100_003] {
            let bytes = generator.bytes(count: count)
            let whole = RunningChecksum.hash(algorithm, bytes)
            #expect(whole.count == algorithm.byteCount)
            for _ in 0..<5 {
                var checksum = RunningChecksum(algorithm)
                bytes.inRandomPieces(&generator) { checksum.update($0) }
                #expect(checksum.finalize() == whole, "\(count) bytes")
            }
        }
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `a value can be read on the way and a copy goes its own way`(_ algorithm: ChecksumAlgorithm) {
        var generator = TestGenerator(seed: 2)
        let first = generator.bytes(count: 1_000)
        let second = generator.bytes(count: 777)
        var checksum = RunningChecksum(algorithm)
        checksum.update(first)
        let copy = checksum
        #expect(checksum.finalize() == RunningChecksum.hash(algorithm, first))
        checksum.update(second)
        #expect(checksum.finalize() == RunningChecksum.hash(algorithm, first + second))
        #expect(copy.finalize() == RunningChecksum.hash(algorithm, first))
    }

    @Test func `XXH3 in one call equals XXH3 in pieces`() {
        var generator = TestGenerator(seed: 3)
        for count in [0, 1, 16, 17, 128, 129, 240, 241, 1_024, 70_001] {
            let bytes = generator.bytes(count: count)
            let value = RunningChecksum.hash(.xxhash3, bytes).reduce(0) { $0 << 8 | UInt64($1) }
            #expect(XXH3.hash64(bytes) == value)
        }
    }
}

@Suite struct `A stored SHA-2 state` {
    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 127, 128, 1_000, 65_536])
    func `goes on where it stopped`(splitAt: Int) throws {
        var generator = TestGenerator(seed: UInt64(splitAt))
        let head = generator.bytes(count: splitAt)
        let tail = generator.bytes(count: 3_001)

        var short = SHA256()
        short.update(head)
        let stored = try #require(SHA256.State(bytes: short.state.bytes))
        #expect(stored.hashedByteCount == UInt64(splitAt))
        var resumed = SHA256(stored)
        #expect(resumed.finalize() == SHA256.hash(head))
        resumed.update(tail)
        #expect(resumed.finalize() == SHA256.hash(head + tail))

        var long = SHA512()
        head.withUnsafeBytes { long.update($0) }
        let storedLong = try #require(SHA512.State(bytes: long.state.bytes))
        #expect(storedLong.hashedByteCount == UInt64(splitAt))
        var resumedLong = SHA512(storedLong)
        #expect(resumedLong.finalize() == SHA512.hash(head))
        tail.withUnsafeBytes { resumedLong.update($0) }
        #expect(resumedLong.finalize() == SHA512.hash(head + tail))
    }

    /// Golden bytes: a state outlives the release that wrote it.
    @Test func `has a fixed layout`() {
        var hasher = SHA256()
        hasher.update([UInt8]("abc".utf8))
        let initial = "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
        #expect(Hex.encode(hasher.state.bytes) == initial + "0300000000000000" + "616263" + zeros(61))

        var long = SHA512()
        [UInt8]("abc".utf8).withUnsafeBytes { long.update($0) }
        let initialLong =
            "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1"
            + "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179"
        #expect(Hex.encode(long.state.bytes) == initialLong + "0300000000000000" + "616263" + zeros(125))
    }

    @Test func `is the same bytes whatever was in the buffer before`() {
        var generator = TestGenerator(seed: 9)
        let bytes = generator.bytes(count: 130)
        var once = SHA256()
        once.update(bytes)
        var twice = SHA256()
        twice.update([UInt8](bytes.prefix(100)))
        twice.update([UInt8](bytes.dropFirst(100)))
        #expect(once.state == twice.state)
    }

    @Test func `keeps counts above 4 GiB`() throws {
        var bytes = SHA256().state.bytes
        let count = UInt64(5) << 30 + 7
        bytes.replaceSubrange(32..<40, with: withUnsafeBytes(of: count.littleEndian) { [UInt8]($0) })
        var hasher = SHA256(try #require(SHA256.State(bytes: bytes)))
        #expect(hasher.state.bytes == bytes)
        hasher.update([1, 2, 3])
        #expect(hasher.state.hashedByteCount == count + 3)
    }

    @Test func `crosses the 32-bit carry of the bit count`() throws {
        // 2^32 bits are 512 MiB.
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var hasher = SHA256()
        for _ in 0..<511 { hasher.update(block) }
        var resumed = SHA256(try #require(SHA256.State(bytes: hasher.state.bytes)))
        for _ in 0..<2 {
            hasher.update(block)
            resumed.update(block)
        }
        #expect(SHA256(hasher.state).finalize() == hasher.finalize())
        #expect(resumed.finalize() == hasher.finalize())
        #expect(hasher.state.hashedByteCount == 513 << 20)
    }

    @Test func `is refused when it can't be one`() {
        let good = SHA256().state.bytes
        #expect(SHA256.State(bytes: good) != nil)
        #expect(SHA256.State(bytes: []) == nil)
        #expect(SHA256.State(bytes: good.dropLast()) == nil)
        #expect(SHA256.State(bytes: good + [0]) == nil)
        var dirty = good
        dirty[103] = 1
        #expect(SHA256.State(bytes: dirty) == nil, "bytes behind the tail")
        var huge = good
        huge[39] = 0xff
        #expect(SHA256.State(bytes: huge) == nil, "2^61 bytes or more")
        #expect(SHA512.State(bytes: good) == nil)
    }

    private func zeros(_ count: Int) -> String {
        String(repeating: "00", count: count)
    }
}
