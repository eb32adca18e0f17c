// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct `SHA-256 digests` {
    @Test func `keep their bytes`() {
        let bytes = [UInt8](100..<132)
        let digest = SHA256Digest(bytes: bytes)
        #expect(digest.bytes == bytes)
        #expect(digest.words.0 == 0x6465_6667_6869_6a6b)
        #expect(digest.hex == Hex.encode(bytes))
        #expect(SHA256Digest(words: digest.words) == digest)
    }

    @Test(arguments: 0..<32)
    func `differ and sort by each byte`(index: Int) {
        var bytes = [UInt8](repeating: 0x7f, count: 32)
        let small = SHA256Digest(bytes: bytes)
        bytes[index] = 0x80
        let large = SHA256Digest(bytes: bytes)
        #expect(small != large)
        #expect(small < large)
        #expect(!(large < small))
        #expect(Set([small, large, small]).count == 2)
    }

    @Test func `of the wrong length stop the program`() async {
        await #expect(processExitsWith: .failure) { _ = SHA256Digest(bytes: [UInt8](repeating: 0, count: 31)) }
    }
}

@Suite struct `Checksum values` {
    /// Raw values are on disk.
    @Test func `have algorithms with fixed numbers`() {
        let numbers = ChecksumAlgorithm.allCases.map(\.rawValue)
        #expect(numbers == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        #expect(
            ChecksumAlgorithm.allCases.map(\.name) == [
                "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128",
            ]
        )
        #expect(ChecksumType.fullObject.rawValue == 1)
        #expect(ChecksumType.composite.rawValue == 2)
    }

    @Test func `of the wrong length stop the program`() async {
        await #expect(processExitsWith: .failure) { _ = ChecksumValue(algorithm: .crc32, bytes: [1, 2, 3]) }
    }
}
