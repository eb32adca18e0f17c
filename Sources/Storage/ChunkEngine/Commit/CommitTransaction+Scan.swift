// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import MetadataStore
package import StorageTypes

extension CommitTransaction {
    /// The first key in `lower..<upper` (nil: to the end of the table).
    package func firstKey(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(StoreError) -> [UInt8]? {
        var found: [UInt8]?
        try scan(table, from: lower, until: upper) { key, _ in
            found = key
            return false
        }
        return found
    }

    /// Calls `body` for each pair in `lower..<upper` in key order until it returns false. Holds up every other commit: only
    /// for ranges known to be short.
    package func scan(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let cursor = try StorageCall.metadata { () throws(MetadataError) in
            try overlay.cursor(table, from: lower, until: upper)
        }
        var changes = overlay.changes(table, from: lower, until: upper)[...]
        var stored = try Self.next(cursor)
        while stored != nil || !changes.isEmpty {
            if let change = changes.first, stored.map({ !$0.key.lexicographicallyPrecedes(change.key) }) ?? true {
                changes.removeFirst()
                if let pair = stored, pair.key == change.key { stored = try Self.next(cursor) }
                if let value = change.value, try !body(change.key, value) { return }
            } else if let pair = stored {
                stored = try Self.next(cursor)
                if try !body(pair.key, pair.value) { return }
            }
        }
    }

    private static func next(_ cursor: any MetadataCursor) throws(StoreError) -> (key: [UInt8], value: [UInt8])? {
        guard try StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) else { return nil }
        return cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }
    }
}
