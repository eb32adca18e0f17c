// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes
import Testing

@Suite struct `Known values` {
    struct Case: Sendable, CustomTestStringConvertible {
        let algorithm: ChecksumAlgorithm
        let text: String
        let hex: String

        init(_ algorithm: ChecksumAlgorithm, _ text: String, _ hex: String) {
            self.algorithm = algorithm
            self.text = text
            self.hex = hex
        }

        var testDescription: String { "\(algorithm.name) of \"\(text)\"" }
    }

    static let cases: [Case] = [
        // The check values of the CRC catalogues.
        Case(.crc32, "123456789", "cbf43926"),
        Case(.crc32c, "123456789", "e3069283"),
        Case(.crc64nvme, "123456789", "ae8b14860a799888"),
        Case(.crc32, "", "00000000"),
        Case(.crc32c, "", "00000000"),
        Case(.crc64nvme, "", "0000000000000000"),
        // FIPS 180-4 examples.
        Case(.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        Case(.sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        Case(.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Case(.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Case(
            .sha512,
            "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        // RFC 1321, A.5.
        Case(.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
        Case(.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
        Case(.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        // The reference implementation.
        Case(.xxhash64, "abc", "44bc2cf5ad770999"),
        Case(.xxhash64, "", "ef46db3751d8e999"),
        Case(.xxhash3, "abc", "78af5f94892f3950"),
        Case(.xxhash3, "", "2d06800538d394c2"),
        Case(.xxhash128, "abc", "06b05ab6733a618578af5f94892f3950"),
        Case(.xxhash128, "", "99aa06d3014798d86001c324468d497f"),
    ]

    @Test(arguments: cases)
    func `an algorithm gives its published value`(_ test: Case) {
        #expect(Hex.encode(RunningChecksum.hash(test.algorithm, [UInt8](test.text.utf8))) == test.hex)
    }

    @Test func `every algorithm has a case above`() {
        #expect(Set(Self.cases.map(\.algorithm)) == Set(ChecksumAlgorithm.allCases))
    }

    /// `spec/s3.md` §4: 1,024 × "A".
    @Test func `the S3 suite's small object has its values`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "A"), count: 1_024)
        // arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0=
        #expect(SHA256.hash(bytes).hex == "6ab72eeb9e77b07540897e0c8d6d23ec8eef0f8c3a47e1b3f4e93443d9536bed")
        // Qeh8oXvGiSo=
        #expect(Hex.encode(RunningChecksum.hash(.crc64nvme, bytes)) == "41e87ca17bc6892a")
    }

    /// RFC 4231: key, data, result.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), [UInt8]("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            [UInt8]("Jefe".utf8), [UInt8]("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            [UInt8]("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `HMAC-SHA256 gives the values of RFC 4231`(key: [UInt8], message: [UInt8], hex: String) {
        #expect(HMACSHA256.authenticate(key: key, message: message).hex == hex)
    }

    /// The worked example of AWS's documentation: the key for 20150830, us-east-1, iam.
    @Test func `a signing key is derived by four chained HMACs`() {
        var key = HMACSHA256.authenticate(
            key: [UInt8]("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8),
            message: [UInt8]("20150830".utf8),
        )
        for part in ["us-east-1", "iam", "aws4_request"] {
            key = HMACSHA256.authenticate(key: key, message: [UInt8](part.utf8))
        }
        #expect(key.hex == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
    }
}
