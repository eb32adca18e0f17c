// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Latencies in log-linear buckets: 64 per power of two, so a value read back is within 1.6 % of the one recorded.
struct Histogram {
    private static let subBuckets = 64
    private var counts = [UInt64](repeating: 0, count: 64 * subBuckets)
    private(set) var total: UInt64 = 0

    mutating func record(nanoseconds: UInt64) {
        counts[Self.index(nanoseconds)] += 1
        total += 1
    }

    mutating func merge(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        total += other.total
    }

    /// The smallest value that at least `share` of the records do not exceed.
    func nanoseconds(at share: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        let wanted = UInt64((Double(total) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= max(1, wanted) { return Self.value(index) }
        }
        return Self.value(counts.count - 1)
    }

    /// How many records are in buckets that begin above `nanoseconds`.
    func count(above nanoseconds: UInt64) -> UInt64 {
        counts[(Self.index(nanoseconds) + 1)...].reduce(0, +)
    }

    private static func index(_ value: UInt64) -> Int {
        guard value >= UInt64(subBuckets) else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let shift = exponent - 6
        return (shift + 1) * subBuckets + Int((value >> UInt64(shift)) & UInt64(subBuckets - 1))
    }

    private static func value(_ index: Int) -> UInt64 {
        guard index >= subBuckets else { return UInt64(index) }
        let shift = index / subBuckets - 1
        return (UInt64(subBuckets) + UInt64(index % subBuckets)) << UInt64(shift)
    }
}
