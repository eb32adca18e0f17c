// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The dates of HTTP headers (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let weekdays: StaticString = "SunMonTueWedThuFriSat"
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    private static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longWeekdayNames = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`; parts of a second are dropped. One allocation.
    package static func format(_ timestamp: Timestamp) -> String {
        let time = CivilTime(timestamp)
        return String(unsafeUninitializedCapacity: 29) { output in
            copy(weekdays, time.weekday, to: output, at: 0)
            output[3] = UInt8(ascii: ",")
            output[4] = UInt8(ascii: " ")
            DateDigits.two(time.day, to: output, at: 5)
            output[7] = UInt8(ascii: " ")
            copy(months, time.month - 1, to: output, at: 8)
            output[11] = UInt8(ascii: " ")
            DateDigits.four(time.year, to: output, at: 12)
            output[16] = UInt8(ascii: " ")
            DateDigits.two(time.hour, to: output, at: 17)
            output[19] = UInt8(ascii: ":")
            DateDigits.two(time.minute, to: output, at: 20)
            output[22] = UInt8(ascii: ":")
            DateDigits.two(time.second, to: output, at: 23)
            output[25] = UInt8(ascii: " ")
            output[26] = UInt8(ascii: "G")
            output[27] = UInt8(ascii: "M")
            output[28] = UInt8(ascii: "T")
            return 29
        }
    }

    /// Reads all three forms: IMF-fixdate, RFC 850 (two-digit years: 70 and above are of the last century) and asctime.
    /// Nil for anything else; a weekday that doesn't fit the date is accepted.
    package static func parse(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 40 else { return nil }
        var scanner = DateScanner(text)
        let weekday = scanner.letters(9)
        if scanner.take(",") {
            guard scanner.take(" ") else { return nil }
            if weekdayNames.contains(weekday) { return fixdate(&scanner) }
            return longWeekdayNames.contains(weekday) ? rfc850(&scanner) : nil
        }
        return weekdayNames.contains(weekday) ? asctime(&scanner) : nil
    }

    private static func fixdate(_ scanner: inout DateScanner) -> Timestamp? {
        guard let day = scanner.digits(2), scanner.take(" "), let month = month(&scanner), scanner.take(" "),
            let year = scanner.digits(4), scanner.take(" "), let clock = clock(&scanner), zone(&scanner)
        else { return nil }
        return make(year, month, day, clock)
    }

    private static func rfc850(_ scanner: inout DateScanner) -> Timestamp? {
        guard let day = scanner.digits(2), scanner.take("-"), let month = month(&scanner), scanner.take("-"),
            let short = scanner.digits(2), scanner.take(" "), let clock = clock(&scanner), zone(&scanner)
        else { return nil }
        return make(short >= 70 ? 1_900 + short : 2_000 + short, month, day, clock)
    }

    private static func asctime(_ scanner: inout DateScanner) -> Timestamp? {
        guard scanner.take(" "), let month = month(&scanner), scanner.take(" ") else { return nil }
        guard let day = scanner.take(" ") ? scanner.digits(1) : scanner.digits(2), scanner.take(" "),
            let clock = clock(&scanner), scanner.take(" "), let year = scanner.digits(4), scanner.isAtEnd
        else { return nil }
        return make(year, month, day, clock)
    }

    private static func month(_ scanner: inout DateScanner) -> Int? {
        let name = scanner.letters(3)
        return monthNames.firstIndex(of: name).map { $0 + 1 }
    }

    private static func clock(_ scanner: inout DateScanner) -> (Int, Int, Int)? {
        guard let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2)
        else { return nil }
        return (hour, minute, second)
    }

    private static func zone(_ scanner: inout DateScanner) -> Bool {
        // RFC 1123 writers in the field also say UTC or +0000; all three mean the same instant.
        guard scanner.take(" ") else { return false }
        return
            (scanner.take("GMT") || scanner.take("UTC")
            || scanner.take("+0000")) && scanner.isAtEnd
    }

    private static func make(_ year: Int, _ month: Int, _ day: Int, _ clock: (Int, Int, Int)) -> Timestamp? {
        CivilTime(year: year, month: month, day: day, hour: clock.0, minute: clock.1, second: clock.2)?.timestamp
    }

    private static func copy(
        _ table: StaticString,
        _ index: Int,
        to output: UnsafeMutableBufferPointer<UInt8>,
        at position: Int
    ) {
        table.withUTF8Buffer { bytes in
            for offset in 0..<3 { output[position + offset] = bytes[index * 3 + offset] }
        }
    }
}

/// Decimal digits of fixed width.
enum DateDigits {
    static func two(_ value: Int, to output: UnsafeMutableBufferPointer<UInt8>, at position: Int) {
        output[position] = UInt8(truncatingIfNeeded: 48 + value / 10 % 10)
        output[position + 1] = UInt8(truncatingIfNeeded: 48 + value % 10)
    }

    static func three(_ value: Int, to output: UnsafeMutableBufferPointer<UInt8>, at position: Int) {
        output[position] = UInt8(truncatingIfNeeded: 48 + value / 100 % 10)
        two(value, to: output, at: position + 1)
    }

    static func four(_ value: Int, to output: UnsafeMutableBufferPointer<UInt8>, at position: Int) {
        two(value / 100, to: output, at: position)
        two(value, to: output, at: position + 2)
    }
}
