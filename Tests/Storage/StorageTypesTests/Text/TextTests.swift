// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct TextTests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("\u{FFFF}", "77+/"),
    ])
    func `base64 there and back`(_ plain: String, _ text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "=Zg=", "Z===", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-_", "Zm9vé",
    ])
    func `base64 has one spelling only`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    private static let instant = Timestamp(seconds: 784_111_777)

    @Test func `HTTP dates are written in one form and read in three`() {
        #expect(HTTPDate.format(Self.instant) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Self.instant)
        #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT") == Self.instant)
        #expect(HTTPDate.parse("Sun Nov  6 08:49:37 1994") == Self.instant)
        #expect(HTTPDate.parse("Sat, 29 Feb 2020 00:00:00 GMT") != nil)
    }

    @Test(arguments: [
        "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 2020 08:49:37 GMT", "Sat, 29 Feb 2021 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 9999 08:49:37 GMT",
    ])
    func `a date that is none is refused`(_ text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test(
        arguments: [
            ("1994-11-06T08:49:37Z", 0), ("1994-11-06T08:49:37.5Z", 500_000_000), ("1994-11-06T09:49:37+01:00", 0),
            ("1994-11-06T03:19:37-05:30", 0), ("1994-11-06T08:49:37.1234567891Z", 123_456_789),
        ] as [(String, Int64)]
    )
    func `ISO dates are read`(_ text: String, _ nanoseconds: Int64) {
        #expect(ISO8601.parse(text) == Timestamp(nanoseconds: Self.instant.nanoseconds + nanoseconds))
    }

    @Test(arguments: [
        "", "1994", "1994-13-01", "1994-11-06T", "1994-11-06T08:49:37", "1994-11-06T08:49:37.Z", "1994-11-06 08:49:37Z",
        "1994-11-06T08:49:37+1:00", "1994-11-06T08:49:37Zx", "9999-01-01",
    ])
    func `an ISO date that is none is refused`(_ text: String) {
        #expect(ISO8601.parse(text) == nil)
    }

    @Test func `ISO dates are written`() {
        #expect(ISO8601.format(Timestamp(nanoseconds: -1_000_000)) == "1969-12-31T23:59:59.999Z")
        #expect(ISO8601.formatBasic(Self.instant) == "19941106T084937Z")
        #expect(ISO8601.parseBasic("19941106T084937Z") == Self.instant)
        for text in ["19941106T084937", "19941106084937Z", "1994-1106T0849Z", "19941306T084937Z"] {
            #expect(ISO8601.parseBasic(text) == nil)
        }
        for day in stride(from: -90_000 as Int64, through: 90_000, by: 37) {
            let instant = Timestamp(seconds: day * 86_400 + 12_345)
            #expect(ISO8601.parse(ISO8601.format(instant)) == instant)
            #expect(HTTPDate.parse(HTTPDate.format(instant)) == instant)
        }
    }

    @Test func `percent-encoding there and back`() {
        let all = (0...255).map { UInt8($0) }
        #expect(PercentEncoding.decode(PercentEncoding.encode(all).utf8) == all)
        #expect(PercentEncoding.encode(Array("a/b c~".utf8)) == "a/b%20c~")
        #expect(PercentEncoding.encode(Array("a/b".utf8), keepsSlash: false) == "a%2Fb")
        #expect(PercentEncoding.decode("a+b%2b".utf8) == Array("a+b+".utf8))
        #expect(PercentEncoding.decode("a+b%2b".utf8, plusIsSpace: true) == Array("a b+".utf8))
        for text in ["%", "%4", "%4g", "%g4", "%%41"] { #expect(PercentEncoding.decode(text.utf8) == nil) }
    }
}
