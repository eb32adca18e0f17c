// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

// Every signed request is taken apart with these. `split` and `firstIndex` of a string's UTF-8 view step from index to
// index at some forty instructions a byte; here the bytes are looked at as they lie.
extension Substring {
    /// Where the first `byte` (ASCII) is.
    func index(of byte: UInt8) -> Index? {
        let offset = utf8.withContiguousStorageIfAvailable { $0.firstIndex(of: byte) }
        guard let offset else { return utf8.firstIndex(of: byte) }
        return offset.map { utf8.index(utf8.startIndex, offsetBy: $0) }
    }

    /// All that lies between separators (ASCII), empty ones as well; behind the `countMax`-th piece nothing is cut.
    func pieces(_ separator: UInt8, countMax: Int) -> [Substring] {
        var result: [Substring] = []
        var rest = self
        while result.count < countMax - 1, let end = rest.index(of: separator) {
            result.append(rest[..<end])
            rest = rest[rest.utf8.index(after: end)...]
        }
        result.append(rest)
        return result
    }

    /// Without spaces and tabs at both ends.
    var trimmed: Substring {
        let range = utf8.withContiguousStorageIfAvailable { bytes -> Range<Int> in
            var (start, end) = (0, bytes.count)
            while start < end, S3Headers.isSpace(bytes[start]) { start += 1 }
            while end > start, S3Headers.isSpace(bytes[end - 1]) { end -= 1 }
            return start..<end
        }
        guard let range else { return String(self)[...].trimmed }
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return self[start..<utf8.index(start, offsetBy: range.count)]
    }

    /// The first bytes; the text is ASCII there.
    func prefix(utf8Count count: Int) -> Substring { Substring(utf8.prefix(count)) }
}

extension String {
    func prefix(utf8Count count: Int) -> Substring { self[...].prefix(utf8Count: count) }
}
