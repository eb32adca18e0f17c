// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// An instant of the wall clock in nanoseconds since 1970-01-01T00:00:00Z.
///
/// S3 shows milliseconds in XML and whole seconds in headers; the store keeps nanoseconds so that the order
/// of two writes survives a round trip to disk.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(seconds: Int64) {
        self.nanoseconds = seconds * 1_000_000_000
    }

    /// Whole seconds, rounded towards the past.
    package var seconds: Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package func advanced(bySeconds seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds + seconds * 1_000_000_000)
    }
}

/// Where the current time comes from; passed in so that a test decides what time it is.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// Where unpredictable bytes come from; passed in so that a seed reproduces a failure.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

/// The operating system's generator.
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
