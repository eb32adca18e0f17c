// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A tar in the making.
package struct TarContent: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Adds an entry: header, data, zeros to the end of the block.
    ///
    /// - Parameter size: the header's twelve bytes for it; by default the truth.
    package mutating func add(_ data: [UInt8], type: Character = "0", size: [UInt8]? = nil, changed: Int = 0) {
        bytes += Self.header(size: size ?? Self.octal(data.count), type: type, changed: changed) + data
        bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// Adds bytes as they are.
    package mutating func add(raw: [UInt8]) {
        bytes += raw
    }

    /// The two blocks that end an archive.
    package mutating func end() {
        bytes += [UInt8](repeating: 0, count: 1_024)
    }

    /// Eleven digits and a zero.
    package static func octal(_ size: Int) -> [UInt8] {
        let digits = String(size, radix: 8)
        return Array((String(repeating: "0", count: 11 - digits.count) + digits).utf8) + [0]
    }

    /// Big-endian, marked by the highest bit.
    package static func base256(_ size: UInt64) -> [UInt8] {
        [0x80, 0, 0, 0] + withUnsafeBytes(of: size.bigEndian) { [UInt8]($0) }
    }

    /// 512 bytes with their checksum.
    package static func header(size: [UInt8], type: Character = "0", changed: Int = 0, isGNU: Bool = false) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        header.replaceSubrange(0..<4, with: "name".utf8)
        header.replaceSubrange(100..<108, with: Array("0000644".utf8) + [0])
        header.replaceSubrange(124..<136, with: size)
        header.replaceSubrange(136..<148, with: octal(changed))
        header[156] = type.asciiValue ?? 0
        header.replaceSubrange(257..<265, with: isGNU ? Array("ustar  ".utf8) + [0] : Array("ustar\u{0}00".utf8))
        header.replaceSubrange(148..<156, with: "        ".utf8)
        let sum = header.reduce(0) { $0 + Int($1) }
        header.replaceSubrange(148..<156, with: octal(sum).suffix(7) + [0x20])
        return header
    }
}
