// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// How often keys are named, of as many from a lower bound on as may be held: one walk over what names them for each range.
struct UseCounts<Key: Hashable & Comparable> {
    private let lower: Key?
    private let countMax: Int
    /// The first key that has to wait for the next range; nil when none has.
    private(set) var upper: Key?
    private(set) var counts: [Key: UInt64] = [:]

    /// - Parameter lower: nil for the first range.
    init(from lower: Key?, countMax: Int) {
        self.lower = lower
        self.countMax = max(1, countMax)
    }

    mutating func add(_ key: Key) {
        guard lower.map({ $0 <= key }) ?? true, upper.map({ key < $0 }) ?? true else { return }
        counts[key, default: 0] += 1
        guard counts.count > countMax else { return }
        let keys = counts.keys.sorted()
        let middle = keys[keys.count / 2]
        counts = counts.filter { $0.key < middle }
        upper = middle
    }
}
