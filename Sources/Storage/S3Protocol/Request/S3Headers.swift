// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A request's header lines in one flat run of bytes, as the protocol code reads them.
///
/// Signing wants bytes, the rest wants strings; so the lines are kept as bytes and a value becomes a string when
/// asked for. Names are lower case, values trimmed of spaces and tabs. Lookups are linear in the number of lines,
/// which is bounded by `lineCountMax` (further lines are counted in `isOverfull` and dropped).
package struct S3Headers: Sendable {
    package static let lineCountMax = 256

    struct Line: Sendable {
        var nameStart: Int
        var nameCount: Int
        var valueStart: Int
        var valueCount: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var lines: [Line] = []
    /// More lines were added than are kept; answer RequestHeaderSectionTooLarge.
    package private(set) var isOverfull = false

    package init(byteCapacity: Int = 1_024) {
        bytes.reserveCapacity(byteCapacity)
        lines.reserveCapacity(24)
    }

    package init(_ pairs: [(String, String)]) {
        self.init()
        for (name, value) in pairs { append(name, value) }
    }

    package var count: Int { lines.count }

    package mutating func append(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { append(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer($0)) }
        }
    }

    /// Adds a line as it came from the wire.
    package mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard lines.count < Self.lineCountMax else {
            isOverfull = true
            return
        }
        var first = 0
        var last = value.count
        while first < last, Self.isSpace(value[first]) { first += 1 }
        while last > first, Self.isSpace(value[last - 1]) { last -= 1 }
        let nameStart = bytes.count
        for byte in name { bytes.append(Self.lowercased(byte)) }
        let valueStart = bytes.count
        bytes.append(contentsOf: value[first..<last])
        lines.append(
            Line(nameStart: nameStart, nameCount: name.count, valueStart: valueStart, valueCount: last - first)
        )
    }

    /// The value of the first line called `name` (lower case); nil when there is none.
    package func first(_ name: StaticString) -> String? {
        for line in lines where isNamed(line, name) { return string(line) }
        return nil
    }

    package func first(named name: String) -> String? {
        for line in lines where bytes[line.nameStart..<line.nameStart + line.nameCount].elementsEqual(name.utf8) {
            return string(line)
        }
        return nil
    }

    /// The values of all lines called `name`, joined by commas; nil when there is none.
    package func joined(_ name: StaticString) -> String? {
        var result: String?
        for line in lines where isNamed(line, name) {
            result = result.map { $0 + "," + string(line) } ?? string(line)
        }
        return result
    }

    package func has(_ name: StaticString) -> Bool {
        lines.contains { isNamed($0, name) }
    }

    /// How many lines are called `name`.
    package func count(of name: StaticString) -> Int {
        lines.reduce(0) { $0 + (isNamed($1, name) ? 1 : 0) }
    }

    /// Whether the first line called `name` says exactly `value`; makes no string.
    package func first(_ name: StaticString, equals value: StaticString) -> Bool {
        for line in lines where isNamed(line, name) {
            return matches(line.valueStart, line.valueCount, value)
        }
        return false
    }

    /// Name (lower case) and value of each line whose name begins with `prefix`, in order.
    package func forEach(prefix: StaticString = "", _ body: (_ name: String, _ value: String) -> Void) {
        let prefixCount = prefix.utf8CodeUnitCount
        for line in lines where line.nameCount >= prefixCount && matches(line.nameStart, prefixCount, prefix) {
            body(String(decoding: bytes[line.nameStart..<line.nameStart + line.nameCount], as: UTF8.self), string(line))
        }
    }

    /// Adds the `x-amz-*` query parameters that SDKs hoist out of the headers when they presign; they act like headers
    /// (`spec/s3.md` §2.2). Call it after the signature was checked, and for presigned requests only.
    package mutating func appendHoisted(from query: S3Query) {
        for item in query.items {
            let name = item.name.lowercased()
            guard name.hasPrefix("x-amz-"), !Self.signatureParameters.contains(name),
                first(named: name) == nil
            else { continue }
            append(name, item.value ?? "")
        }
    }

    private static let signatureParameters: Set<String> = [
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature",
    ]

    // MARK: Bytes

    func isNamed(_ line: Line, _ name: StaticString) -> Bool {
        line.nameCount == name.utf8CodeUnitCount && matches(line.nameStart, line.nameCount, name)
    }

    private func matches(_ start: Int, _ count: Int, _ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            text.withUTF8Buffer { text in
                for offset in 0..<count where bytes[start + offset] != text[offset] { return false }
                return true
            }
        }
    }

    func string(_ line: Line) -> String {
        String(decoding: bytes[line.valueStart..<line.valueStart + line.valueCount], as: UTF8.self)
    }

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }
}
