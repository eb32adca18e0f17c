// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// What a `Range` header asks of a blob of known size (`spec/registry.md` §4).
enum ByteRanges: Equatable {
    /// The whole: no header, another unit, unreadable, or more than is reasonable.
    case whole
    case single(Range<UInt64>)
    /// In the order asked for, none overlapping another.
    case several([Range<UInt64>])
    case unsatisfiable

    /// podman's zstd:chunked pulls ask for up to 1,024 at a time.
    static let countMax = 4_096

    init(header: String?, size: UInt64) {
        guard let header, let equals = header.utf8.firstIndex(of: UInt8(ascii: "=")),
            header[..<equals].lowercased() == "bytes"
        else {
            self = .whole
            return
        }
        let specs = header[header.utf8.index(after: equals)...].utf8.split(separator: UInt8(ascii: ","))
        guard !specs.isEmpty, specs.count <= Self.countMax else {
            self = .whole
            return
        }
        var ranges: [Range<UInt64>] = []
        ranges.reserveCapacity(specs.count)
        for spec in specs {
            switch Self.range(Self.trimmed(spec), size) {
            case .none:
                self = .whole
                return
            case .some(let range):
                if let range { ranges.append(range) }
            }
        }
        switch ranges.count {
        case 0: self = .unsatisfiable
        case 1: self = .single(ranges[0])
        default: self = Self.overlap(ranges) ? .whole : .several(ranges)
        }
    }

    /// Outer nil: no range at all. Inner nil: one that the content can't satisfy, such as `500-0`.
    private static func range(_ spec: [UInt8], _ size: UInt64) -> Range<UInt64>?? {
        guard let dash = spec.firstIndex(of: UInt8(ascii: "-")) else { return .none }
        let first = spec[..<dash]
        let last = spec[(dash + 1)...]
        if first.isEmpty {
            guard let count = number(last) else { return .none }
            return count > 0 && size > 0 ? .some(size - min(count, size)..<size) : .some(nil)
        }
        guard let start = number(first) else { return .none }
        guard !last.isEmpty else { return start < size ? .some(start..<size) : .some(nil) }
        guard let end = number(last) else { return .none }
        return start < size && start <= end ? .some(start..<min(end, size - 1) + 1) : .some(nil)
    }

    /// Digits only; what is larger than a size can be counts as the largest.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return min(UInt64(String(decoding: digits, as: UTF8.self)) ?? .max, UInt64(Int64.max))
    }

    private static func trimmed(_ spec: Substring.UTF8View.SubSequence) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        return Array(Array(spec.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }

    private static func overlap(_ ranges: [Range<UInt64>]) -> Bool {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        return zip(sorted, sorted.dropFirst()).contains { $0.upperBound > $1.lowerBound }
    }
}
