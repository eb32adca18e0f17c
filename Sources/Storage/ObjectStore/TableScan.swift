// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

/// Walks over key ranges with a closure that may throw. Blocks: for a worker thread, or a stopped store.
struct TableScan {
    let metadata: any MetadataReading

    init(_ metadata: any MetadataReading) {
        self.metadata = metadata
    }

    func forEach(
        _ table: MetadataTable,
        prefix: [UInt8],
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        try forEach(table, from: prefix, until: ObjectKeys.successor(ofPrefix: prefix)) {
            key,
            value throws(StoreError) in
            try body(key, value)
            return true
        }
    }

    /// - Parameter body: says whether to go on.
    func forEach(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let cursor = try call { () throws(MetadataError) in try metadata.cursor(table, from: lower, until: upper) }
        while try call({ () throws(MetadataError) in try cursor.next() }) {
            let (key, value) = cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }
            guard try body(key, value) else { return }
        }
    }

    private func call<Result>(_ body: () throws(MetadataError) -> Result) throws(StoreError) -> Result {
        do {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }
}
