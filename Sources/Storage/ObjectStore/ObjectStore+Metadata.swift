// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import MetadataStore
import StorageTypes

/// Reads of the metadata tables outside commits.
extension ObjectStore {
    /// Without waiting.
    func cachedValue(_ table: MetadataTable, _ key: [UInt8]) throws(StoreError) -> CachedValue {
        do {
            return try metadata.getIfCached(table, key)
        } catch {
            throw StoreError(error)
        }
    }

    /// From memory if it is there, else on a worker thread.
    func value(_ table: MetadataTable, _ key: [UInt8]) async throws(StoreError) -> [UInt8]? {
        switch try cachedValue(table, key) {
        case .value(let value): return value
        case .absent: return nil
        case .unknown: break
        }
        return try await onWorker { metadata throws(StoreError) -> [UInt8]? in
            do throws(MetadataError) {
                return try metadata.get(table, key)
            } catch {
                throw StoreError(error)
            }
        }
    }

    /// Runs `body`, which may block, on a worker thread.
    func onWorker<Result: Sendable>(
        _ body: @escaping @Sendable (any MetadataStore) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let metadata = metadata
        return try await workers.run { () throws(StoreError) in try body(metadata) }
    }
}
