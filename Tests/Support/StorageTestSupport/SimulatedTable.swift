// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import MetadataStore

/// Keys in order with their values; a copy is a snapshot.
struct SimulatedTable: Sendable {
    private(set) var keys: [[UInt8]] = []
    private(set) var values: [[UInt8]] = []

    /// Of the first key that is not below `key`.
    func index(notBelow key: [UInt8]) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.isBelow(keys[middle], key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    subscript(key: [UInt8]) -> [UInt8]? {
        let index = index(notBelow: key)
        return index < keys.count && keys[index] == key ? values[index] : nil
    }

    mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        let index = index(notBelow: key)
        if index < keys.count && keys[index] == key {
            values[index] = value
        } else {
            keys.insert(key, at: index)
            values.insert(value, at: index)
        }
    }

    mutating func delete(_ key: [UInt8]) {
        let index = index(notBelow: key)
        guard index < keys.count, keys[index] == key else { return }
        keys.remove(at: index)
        values.remove(at: index)
    }

    static func isBelow(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let order = memcmp(left, right, min(left.count, right.count))
        return order == 0 ? left.count < right.count : order < 0
    }
}

/// All tables.
struct SimulatedTables: Sendable {
    private var tables = [SimulatedTable](repeating: SimulatedTable(), count: MetadataTable.allCases.count)

    subscript(table: MetadataTable) -> SimulatedTable {
        tables[Int(table.rawValue) - 1]
    }

    mutating func apply(_ batch: MetadataBatch) {
        for operation in batch.operations {
            switch operation {
            case .put(let table, let key, let value): tables[Int(table.rawValue) - 1].put(key, value)
            case .delete(let table, let key): tables[Int(table.rawValue) - 1].delete(key)
            }
        }
    }
}
