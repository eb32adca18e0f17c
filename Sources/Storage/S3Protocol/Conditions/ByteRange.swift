// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a Range header asks of an object of a known size (`spec/s3.md` §7.4).
package enum ByteRange: Sendable, Hashable {
    /// Answer 200 with everything: no header, or one that is ignored.
    case whole
    /// Answer 206. Not empty.
    case partial(Range<UInt64>)
    /// Answer 416.
    case unsatisfiable

    /// Only one range of bytes is served; a list, another unit and anything not to the letter are ignored.
    package static func resolve(_ header: String?, size: UInt64) -> ByteRange {
        guard let header else { return .whole }
        guard let specification = Specification(header) else { return .whole }
        switch specification {
        case .from(let first, let last):
            guard first < size else { return .unsatisfiable }
            // `last` may be 2^64 - 1, so clip before adding one.
            return .partial(first..<(min(last ?? size - 1, size - 1) + 1))
        case .suffix(let count):
            guard count > 0 else { return .unsatisfiable }
            // RFC 9110 would call a suffix of nothing unsatisfiable; S3 answers the empty object.
            guard size > 0 else { return .whole }
            return .partial((size - min(count, size))..<size)
        }
    }

    /// Exactly `bytes=a-b`, as `x-amz-copy-source-range` wants it.
    ///
    /// - Throws: `invalidArgument` for another form, `invalidRange` (status 400) for a range not inside `size`.
    package static func copySource(_ header: String, size: UInt64) throws(S3Error) -> Range<UInt64> {
        guard case .from(let first, let last?)? = Specification(header) else {
            throw S3Error.invalidArgument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                    + "zero-based offsets of the first and last bytes to copy",
                name: "x-amz-copy-source-range",
                value: header,
            )
        }
        guard last < size else {
            throw S3Error(
                .invalidRange,
                "Range specified is not valid for source object of size: \(size)",
                extras: [S3Error.Extra("RangeRequested", header), S3Error.Extra("ActualObjectSize", String(size))],
                status: 400,
            )
        }
        return first..<(last + 1)
    }

    /// `bytes 0-9/100`
    package static func contentRange(_ range: Range<UInt64>, size: UInt64) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
    }

    /// `bytes */100`, beside a 416.
    package static func contentRange(unsatisfiableFor size: UInt64) -> String { "bytes */\(size)" }

    private enum Specification {
        case from(UInt64, UInt64?)
        case suffix(UInt64)

        init?(_ header: String) {
            let prefix = "bytes=".utf8
            guard header.utf8.starts(with: prefix) else { return nil }
            let rest = header.utf8.dropFirst(prefix.count)
            guard let dash = rest.firstIndex(of: UInt8(ascii: "-")) else { return nil }
            let left = rest[..<dash]
            let right = rest[rest.index(after: dash)...]
            if left.isEmpty {
                guard let count = Self.number(right) else { return nil }
                self = .suffix(count)
                return
            }
            guard let first = Self.number(left) else { return nil }
            guard !right.isEmpty else {
                self = .from(first, nil)
                return
            }
            guard let last = Self.number(right), first <= last else { return nil }
            self = .from(first, last)
        }

        /// Decimal digits; more than 64 bits hold are clamped, for no object is that long.
        private static func number(_ digits: Substring.UTF8View) -> UInt64? {
            guard !digits.isEmpty else { return nil }
            var value: UInt64 = 0
            for digit in digits {
                guard (48...57).contains(digit) else { return nil }
                let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - 48))
                value = overflow || carry ? .max : sum
            }
            return value
        }
    }
}
