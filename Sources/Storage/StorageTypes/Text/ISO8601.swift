// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The ISO 8601 dates of S3's XML, of JSON documents and of signatures; always UTC.
package enum ISO8601 {
    /// `2026-01-02T03:04:05.678Z`, milliseconds cut off. One allocation.
    package static func format(_ timestamp: Timestamp) -> String {
        let time = CivilTime(timestamp)
        return String(unsafeUninitializedCapacity: 24) { output in
            DateDigits.four(time.year, to: output, at: 0)
            output[4] = UInt8(ascii: "-")
            DateDigits.two(time.month, to: output, at: 5)
            output[7] = UInt8(ascii: "-")
            DateDigits.two(time.day, to: output, at: 8)
            output[10] = UInt8(ascii: "T")
            DateDigits.two(time.hour, to: output, at: 11)
            output[13] = UInt8(ascii: ":")
            DateDigits.two(time.minute, to: output, at: 14)
            output[16] = UInt8(ascii: ":")
            DateDigits.two(time.second, to: output, at: 17)
            output[19] = UInt8(ascii: ".")
            DateDigits.three(time.nanosecond / 1_000_000, to: output, at: 20)
            output[23] = UInt8(ascii: "Z")
            return 24
        }
    }

    /// `20260102T030405Z`, as `x-amz-date` carries it.
    package static func formatBasic(_ timestamp: Timestamp) -> String {
        let time = CivilTime(timestamp)
        return String(unsafeUninitializedCapacity: 16) { output in
            DateDigits.four(time.year, to: output, at: 0)
            DateDigits.two(time.month, to: output, at: 4)
            DateDigits.two(time.day, to: output, at: 6)
            output[8] = UInt8(ascii: "T")
            DateDigits.two(time.hour, to: output, at: 9)
            DateDigits.two(time.minute, to: output, at: 11)
            DateDigits.two(time.second, to: output, at: 13)
            output[15] = UInt8(ascii: "Z")
            return 16
        }
    }

    /// Reads `YYYY-MM-DD`, optionally with `THH:MM[:SS[.fraction]]` and then `Z` or `±HH:MM`. Digits of a fraction
    /// behind the ninth are ignored. Nil for anything else.
    package static func parse(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 48 else { return nil }
        var scanner = DateScanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2)
        else { return nil }
        if scanner.isAtEnd { return CivilTime(year: year, month: month, day: day)?.timestamp }
        guard scanner.take("T"), let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2) else {
            return nil
        }
        var second = 0
        var nanosecond = 0
        if scanner.take(":") {
            guard let value = scanner.digits(2) else { return nil }
            second = value
            if scanner.take(".") {
                guard let fraction = fraction(&scanner) else { return nil }
                nanosecond = fraction
            }
        }
        guard let offset = offset(&scanner), scanner.isAtEnd,
            let time = CivilTime(
                year: year,
                month: month,
                day: day,
                hour: hour,
                minute: minute,
                second: second,
                nanosecond: nanosecond,
            )?.timestamp
        else { return nil }
        let (shifted, overflow) = time.nanoseconds.subtractingReportingOverflow(Int64(offset) * 60_000_000_000)
        return overflow ? nil : Timestamp(nanoseconds: shifted)
    }

    /// Reads `YYYYMMDD'T'HHMMSS'Z'` and nothing else.
    package static func parseBasic(_ text: String) -> Timestamp? {
        guard text.utf8.count == 16 else { return nil }
        var scanner = DateScanner(text)
        guard let year = scanner.digits(4), let month = scanner.digits(2), let day = scanner.digits(2),
            scanner.take("T"), let hour = scanner.digits(2), let minute = scanner.digits(2),
            let second = scanner.digits(2), scanner.take("Z")
        else { return nil }
        guard let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        // Years that a timestamp can't hold become the outermost seconds that CivilTime can show again: such a date is
        // readable and far off, not malformed.
        return time.timestamp ?? Timestamp(seconds: year < 1970 ? -9_223_372_036 : 9_223_372_036)
    }

    private static func fraction(_ scanner: inout DateScanner) -> Int? {
        var value = 0
        var count = 0
        while let digit = scanner.digits(1) {
            if count < 9 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    private static func offset(_ scanner: inout DateScanner) -> Int? {
        if scanner.take("Z") { return 0 }
        let isWest = scanner.take("-")
        guard isWest || scanner.take("+"), let hours = scanner.digits(2), scanner.take(":"),
            let minutes = scanner.digits(2), hours <= 23, minutes <= 59
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
