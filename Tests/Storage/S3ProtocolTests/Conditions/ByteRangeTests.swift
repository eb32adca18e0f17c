// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import Testing

/// The table of §7.4, which was checked on AWS with an object of 100 bytes.
@Suite struct ByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-9", 0..<10), ("bytes=00-09", 0..<10), ("bytes=90-", 90..<100), ("bytes=90-1000", 90..<100),
            ("bytes=-10", 90..<100), ("bytes=-1000", 0..<100), ("bytes=0-0", 0..<1), ("bytes=99-99", 99..<100),
            ("bytes=0-18446744073709551615", 0..<100), ("bytes=0-99999999999999999999999", 0..<100),
            ("bytes=-99999999999999999999999", 0..<100),
        ] as [(String, Range<UInt64>)]
    )
    func `a range is served in part`(_ header: String, _ range: Range<UInt64>) {
        #expect(ByteRange.resolve(header, size: 100) == .partial(range))
    }

    @Test(arguments: ["bytes=-0", "bytes=100-", "bytes=100-101", "bytes=99999999999999999999999-"])
    func `a range outside is unsatisfiable`(_ header: String) {
        #expect(ByteRange.resolve(header, size: 100) == .unsatisfiable)
    }

    @Test(arguments: [
        nil, "", "bytes=10-5", "bytes=,", "bytes=-", "bytes= -1", "bytes=--1", "bytes=0 -1", "bytes=0--1", "bytes=abc",
        "foo=0-1", "bytes=0-0,1-2", "bytes", "bytes=", "0-1", "bytes=+0-1", "bytes=0x0-1", "BYTES", "bytes=0-1-2",
    ])
    func `anything else is ignored`(_ header: String?) {
        #expect(ByteRange.resolve(header, size: 100) == .whole)
    }

    @Test(arguments: [
        ("bytes=-1", ByteRange.whole), ("bytes=0-0", .unsatisfiable), ("bytes=0-", .unsatisfiable),
        ("bytes=-0", .unsatisfiable), ("bytes=00-01", .unsatisfiable),
    ])
    func `an empty object has its own table`(_ header: String, _ result: ByteRange) {
        #expect(ByteRange.resolve(header, size: 0) == result)
    }

    @Test func `the largest object does not overflow`() {
        #expect(ByteRange.resolve("bytes=0-", size: .max) == .partial(0..<UInt64.max))
        #expect(ByteRange.resolve("bytes=-1", size: .max) == .partial((UInt64.max - 1)..<UInt64.max))
    }

    @Test func `a copied range must be exact and inside`() throws {
        #expect(try ByteRange.copySource("bytes=0-9", size: 100) == 0..<10)
        #expect(try ByteRange.copySource("bytes=99-99", size: 100) == 99..<100)
        for header in ["", "bytes=0-", "bytes=-5", "bytes=5-4", "bytes=0-1,2-3", "bytes 0-1", "0-1"] {
            #expect(throws: S3Error(.invalidArgument)) { try ByteRange.copySource(header, size: 100) }
        }
        for header in ["bytes=0-100", "bytes=100-100", "bytes=0-99999999999999999999999"] {
            let error = #expect(throws: S3Error.self) { try ByteRange.copySource(header, size: 100) }
            #expect(error?.code == .invalidRange)
            #expect(error?.status == 400)
        }
    }

    @Test func `the answer names the range`() {
        #expect(ByteRange.contentRange(0..<10, size: 100) == "bytes 0-9/100")
        #expect(ByteRange.contentRange(unsatisfiableFor: 100) == "bytes */100")
    }

    @Test func `random headers resolve inside the object`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<5_000 {
            let bytes = random.mutated(Array("bytes=10-90".utf8), alphabet: Array("0123456789-,= ".utf8))
            if case .partial(let range) = ByteRange.resolve(String(decoding: bytes, as: UTF8.self), size: 100) {
                #expect(!range.isEmpty && range.upperBound <= 100)
            }
        }
    }
}
