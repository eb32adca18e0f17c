// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore

/// The changes of one commit group on top of the stored state: what a group reads, and what becomes its batch.
///
/// Confined to the commit leader's thread. Each request's changes lie between `save` and the next `save`; `rollback` takes
/// them back when the request fails.
final class CommitOverlay {
    struct Key: Hashable {
        let table: MetadataTable
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) {
            hasher.combine(table.rawValue)
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    private struct Entry {
        let key: Key
        /// Nil deletes.
        var value: [UInt8]?
    }

    private let base: any MetadataStore
    /// In the order of first change, so that equal histories make equal batches.
    private var entries: [Entry] = []
    private var positions: [Key: Int] = [:]
    /// Positions of a table's changes in the order of their keys, of the first `count` entries: those who scan it pay for it.
    private var sorted: [MetadataTable: (count: Int, positions: [Int])] = [:]
    private var undo: [(position: Int, value: [UInt8]?)] = []
    private var savedCount = 0
    /// Keys and values put so far; not reduced by a rollback.
    private(set) var byteCount = 0

    init(_ base: any MetadataStore) {
        self.base = base
    }

    var isEmpty: Bool { entries.isEmpty }

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        if let position = positions[Key(table: table, bytes: key)] { return entries[position].value }
        return try base.get(table, key)
    }

    /// - Parameter value: nil deletes.
    func set(_ table: MetadataTable, _ key: [UInt8], _ value: [UInt8]?) {
        byteCount += key.count + (value?.count ?? 0)
        let slot = Key(table: table, bytes: key)
        if let position = positions[slot] {
            if position < savedCount { undo.append((position, entries[position].value)) }
            entries[position].value = value
        } else {
            positions[slot] = entries.count
            entries.append(Entry(key: slot, value: value))
        }
    }

    /// Keeps what was changed so far, whatever happens to the next request.
    func save() {
        undo.removeAll(keepingCapacity: true)
        savedCount = entries.count
    }

    /// Takes back everything since `save`.
    func rollback() {
        for (position, value) in undo.reversed() { entries[position].value = value }
        undo.removeAll(keepingCapacity: true)
        for entry in entries[savedCount...] { positions[entry.key] = nil }
        entries.removeSubrange(savedCount...)
        for (table, changes) in sorted where changes.count > savedCount { sorted[table] = nil }
    }

    func makeBatch() -> MetadataBatch {
        var batch = MetadataBatch()
        for entry in entries {
            if let value = entry.value {
                batch.put(entry.key.table, entry.key.bytes, value)
            } else {
                batch.delete(entry.key.table, entry.key.bytes)
            }
        }
        return batch
    }

    /// Changes with keys in `lower..<upper`, sorted. Costs what has changed since the last call, and what it returns.
    func changes(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) -> [(key: [UInt8], value: [UInt8]?)] {
        sortEntries(of: table)
        let sorted = sorted[table]?.positions ?? []
        let start = place(of: lower, in: sorted)
        return sorted[start...].prefix { position in
            upper.map { entries[position].key.bytes.lexicographicallyPrecedes($0) } ?? true
        }.map { (entries[$0].key.bytes, entries[$0].value) }
    }

    private func sortEntries(of table: MetadataTable) {
        // Taken out, so that it is not copied.
        var (count, positions) = sorted.removeValue(forKey: table) ?? (0, [])
        while count < entries.count {
            let key = entries[count].key
            if key.table == table { positions.insert(count, at: place(of: key.bytes, in: positions)) }
            count += 1
        }
        sorted[table] = (count, positions)
    }

    /// Of the first key that is not below `key`.
    private func place(of key: [UInt8], in sorted: [Int]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[sorted[middle]].key.bytes.lexicographicallyPrecedes(key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        try base.cursor(table, from: lower, until: upper)
    }
}
