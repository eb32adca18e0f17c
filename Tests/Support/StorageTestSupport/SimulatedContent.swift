// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes of one file: what a reader sees, what the platter has, and the changes between the two.
struct SimulatedContent {
    enum Change {
        case write(offset: Int, [UInt8])
        case truncate(Int)
    }

    static let sectorByteCount = 512

    private(set) var visible: [UInt8]
    private(set) var durable: [UInt8]
    private(set) var pending: [Change] = []

    init(durable: [UInt8] = []) {
        visible = durable
        self.durable = durable
    }

    mutating func change(_ change: Change) {
        Self.apply(change, to: &visible)
        pending.append(change)
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
        }
    }

    private static func applyPartly(_ change: Change, to bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        switch (change, generator.below(3)) {
        case (_, 0): break
        case (_, 1), (.truncate, _): apply(change, to: &bytes)
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
