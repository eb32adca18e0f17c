// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import MetadataStore
package import StorageTypes

/// What one bucket holds, as its clients count it: before deduplication and compression.
package struct BucketStatistics: Sendable, Hashable {
    package var name: BucketName
    package var objectCount: UInt64 = 0
    package var logicalByteCount: UInt64 = 0
    /// Multipart uploads that are neither complete nor aborted.
    package var uploadCount: UInt64 = 0

    /// All buckets by name. Reads every key: for a stopped store, or a worker thread with time.
    package static func collect(_ metadata: any MetadataStore) throws(StoreError) -> [BucketStatistics] {
        var result: [BucketStatistics] = []
        for (name, entry) in try BucketLoader.load(metadata) {
            var statistics = BucketStatistics(name: name)
            let prefix = ObjectKeys.object(entry.id, [])
            try TableScan(metadata).forEach(.objects, prefix: prefix) { key, value throws(StoreError) in
                let header = try VersionHeader.decode(value, key)
                guard !header.isDeleteMarker else { return }
                statistics.objectCount += 1
                statistics.logicalByteCount += header.content.size
            }
            try TableScan(metadata).forEach(.uploads, prefix: ObjectKeys.uploadKeyPrefix(entry.id, [])) { _, _ in
                statistics.uploadCount += 1
            }
            result.append(statistics)
        }
        return result.sorted { $0.name < $1.name }
    }
}
