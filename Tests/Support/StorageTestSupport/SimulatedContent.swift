// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes of one file: what a reader sees, what the platter has, and the changes between the two.
struct SimulatedContent {
    enum Change {
        case write(offset: Int, [UInt8])
        case truncate(Int)
        case deallocate(Range<Int>)
    }

    static let sectorByteCount = 512
    static let pageByteCount = 4_096

    private(set) var visible: [UInt8]
    private(set) var durable: [UInt8]
    private(set) var pending: [Change] = []
    /// Pages without blocks, by number.
    private var holes: Set<Int> = []

    init(durable: [UInt8] = []) {
        visible = durable
        self.durable = durable
    }

    /// What the file takes on the drive.
    var usedByteCount: Int { max(0, visible.count - holes.count * Self.pageByteCount) }

    mutating func change(_ change: Change) {
        Self.apply(change, to: &visible)
        pending.append(change)
        let page = Self.pageByteCount
        switch change {
        case .write(let offset, let new): holes.subtract(offset / page..<(offset + new.count + page - 1) / page)
        case .truncate(let size): holes = holes.filter { ($0 + 1) * page <= size }
        case .deallocate(let range):
            let (first, end) = ((range.lowerBound + page - 1) / page, range.upperBound / page)
            if first < end { holes.formUnion(first..<end) }
        }
    }

    mutating func sync() {
        for change in pending { Self.apply(change, to: &durable) }
        pending = []
    }

    /// What Linux does after a failed write-back: the pages count as clean, so a later sync succeeds without them. They
    /// stay readable until they are evicted, which the coin decides.
    mutating func failSync(_ generator: inout SeededGenerator) {
        pending = []
        if generator.coin() { visible = durable }
    }

    /// Damage of the medium, seen by every later reader.
    mutating func flipBit(byte: Int, bit: Int) {
        visible[byte] ^= 1 << bit
        if byte < durable.count { durable[byte] ^= 1 << bit }
    }

    func afterPowerLoss(_ mode: PowerLossMode, _ generator: inout SeededGenerator) -> SimulatedContent {
        var result = durable
        switch mode {
        case .dropUnsynced: break
        case .keepUnsynced: for change in pending { Self.apply(change, to: &result) }
        case .random: for change in pending { Self.applyPartly(change, to: &result, &generator) }
        }
        return SimulatedContent(durable: result)
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .write(let offset, let new):
            extend(&bytes, to: offset + new.count)
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        case .truncate(let size):
            if size < bytes.count { bytes.removeLast(bytes.count - size) } else { extend(&bytes, to: size) }
        case .deallocate(let range):
            let hole = range.clamped(to: 0..<bytes.count)
            bytes.replaceSubrange(hole, with: repeatElement(0, count: hole.count))
        }
    }

    private static func applyPartly(_ change: Change, to bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        switch (change, generator.below(3)) {
        case (_, 0): break
        case (_, 1), (.truncate, _), (.deallocate, _): apply(change, to: &bytes)
        case (.write(let offset, let new), _):
            // The size may reach the journal before the data: then sectors that were lost read as zeros.
            if generator.coin() { extend(&bytes, to: offset + new.count) }
            var start = 0
            while start < new.count {
                let sectorEnd = ((offset + start) / sectorByteCount + 1) * sectorByteCount - offset
                let end = min(sectorEnd, new.count)
                if generator.coin() { apply(.write(offset: offset + start, Array(new[start..<end])), to: &bytes) }
                start = end
            }
        }
    }

    private static func extend(_ bytes: inout [UInt8], to size: Int) {
        if size > bytes.count { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
    }
}
