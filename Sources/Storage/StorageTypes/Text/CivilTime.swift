// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A date and time of the proleptic Gregorian calendar in UTC, without leap seconds.
package struct CivilTime: Sendable, Hashable {
    package var year: Int
    /// 1...12
    package var month: Int
    /// 1...31
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    /// Below the second.
    package var nanosecond: Int

    /// Nil when a field is out of its range or the day is not in the month; years 1...9999.
    package init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0)
    {
        guard (1...9_999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.dayCount(year: year, month: month), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second), (0..<1_000_000_000).contains(nanosecond)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        // A leap second is read as the second before it: Unix time has no room for it.
        self.second = min(second, 59)
        self.nanosecond = nanosecond
    }

    package init(_ timestamp: Timestamp) {
        let seconds = timestamp.seconds
        var days = seconds / 86_400
        var rest = Int(seconds % 86_400)
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Days to civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
        nanosecond = Int(timestamp.nanoseconds - seconds * 1_000_000_000)
    }

    /// Days since 1970-01-01.
    package var dayNumber: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era) * 146_097 + Int64(dayOfEra) - 719_468
    }

    /// 0 is Sunday.
    package var weekday: Int {
        let remainder = Int((dayNumber + 4) % 7)
        return remainder < 0 ? remainder + 7 : remainder
    }

    /// Nil outside of what 64 bits of nanoseconds hold (1678 to 2262).
    package var timestamp: Timestamp? {
        let seconds = dayNumber * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (total, carried) = scaled.addingReportingOverflow(Int64(nanosecond))
        return carried ? nil : Timestamp(nanoseconds: total)
    }

    private static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A forward reader over the bytes of a date.
struct DateScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8.prefix(64))
    }

    var isAtEnd: Bool { position == bytes.count }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Exactly `count` decimal digits.
    mutating func digits(_ count: Int) -> Int? {
        guard bytes.count - position >= count else { return nil }
        var value = 0
        for _ in 0..<count {
            let byte = bytes[position]
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
            position += 1
        }
        return value
    }

    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        let matches = text.withUTF8Buffer { bytes[position..<position + count].elementsEqual($0) }
        if matches { position += count }
        return matches
    }

    /// Letters up to the first other byte, at most `limit`.
    mutating func letters(_ limit: Int) -> String {
        let start = position
        while position < bytes.count, position - start < limit, bytes[position] | 0x20 >= 97,
            bytes[position] | 0x20 <= 122
        {
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}
