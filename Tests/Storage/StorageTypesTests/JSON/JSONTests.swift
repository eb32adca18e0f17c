// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct JSONTests {
    @Test(
        arguments: [
            ("null", .null), (" true\n", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
            ("9223372036854775807", 9_223_372_036_854_775_807),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("1.5", .number(1.5)), ("1e2", .number(100)), ("1E-2", .number(0.01)), ("\"\"", ""), ("\"a\\u0041\"", "aA"),
            ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"),
            ("\"\\ud83d\\ude00\"", "😀"), ("\"é日\"", "é日"), ("[]", []), ("[1,[2],{}]", [1, [2], [:]]),
            ("{\"a\":1,\"b\":{\"c\":[]}}", ["a": 1, "b": ["c": []]]),
        ] as [(String, JSONValue)]
    )
    func `a good document is read`(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
        #expect(try JSONValue(parsing: value.encoded()) == value)
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd), ("[", .unexpectedEnd), ("{", .unexpectedEnd), ("\"a", .unexpectedEnd),
            ("tru", .unexpectedEnd),
            ("{\"a\"", .unexpectedEnd), ("trux", .unexpectedByte), ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte),
            ("{\"a\":1,}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
            ("'a'", .unexpectedByte),
            ("[1 2]", .unexpectedByte), ("NaN", .unexpectedByte), ("+1", .unexpectedByte), (".5", .unexpectedByte),
            ("\u{FEFF}1", .unexpectedByte), ("1 2", .trailingBytes), ("01", .trailingBytes), ("{}x", .trailingBytes),
            ("1.", .unexpectedEnd), ("1.x", .invalidNumber), ("-x", .invalidNumber), ("1e+x", .invalidNumber),
            ("1e400", .invalidNumber), ("\"\u{1}\"", .controlCharacter), ("\"a\n\"", .controlCharacter),
            ("\"\\x\"", .invalidEscape), ("\"\\u12g4\"", .invalidEscape),
            ("\"\\ud800\"", .invalidEscape), ("\"\\ud800\\u0041\"", .invalidEscape),
            ("\"\\udc00\"", .invalidEscape), ("{\"a\":1,\"a\":2}", .duplicateName),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateName),
        ] as [(String, JSONError.Reason)]
    )
    func `a bad document is refused`(_ text: String, _ reason: JSONError.Reason) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.reason == reason)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(error?.reason == .invalidUTF8)
    }

    @Test func `depth is limited`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(JSONValue.depthMax))
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(JSONValue.depthMax + 1)) }
        #expect(error?.reason == .tooDeep)
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func `random changes are read or refused without harm`() {
        var random = SystemLikeGenerator(state: 9)
        let good = Array("{\"a\":[1,-2.5e3,\"x\\u00e9\",true,null],\"b\":{}}".utf8)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...127, using: &random)
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            #expect((try? JSONValue(parsing: value.encoded())) == value)
        }
    }
}

/// The same numbers in every run.
private struct SystemLikeGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}
