// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

/// What one bucket holds.
package struct BucketStatistics: Sendable, Hashable {
    package let name: BucketName
    package fileprivate(set) var objectCount: UInt64 = 0
    /// As its clients count them: before deduplication and compression.
    package fileprivate(set) var logicalByteCount: UInt64 = 0
    /// Multipart uploads that are neither complete nor aborted.
    package fileprivate(set) var uploadCount: UInt64 = 0
    /// Of the parts of these.
    package fileprivate(set) var uploadByteCount: UInt64 = 0
    /// What objects and parts take, and what would come back if the bucket went.
    package fileprivate(set) var holdings = ChunkHoldings()

    fileprivate init(name: BucketName) {
        self.name = name
    }
}

/// What a store holds.
package struct StoreStatistics: Sendable {
    package let engine: EngineStatistics
    /// By name.
    package let buckets: [BucketStatistics]
    /// Of stored chunks that no bucket has: they wait for the garbage collection, or are being uploaded.
    package let waitingByteCount: UInt64

    /// Of small objects and parts, which ride in the metadata.
    package var inlineByteCount: UInt64 { buckets.reduce(0) { $0 + $1.holdings.inlineByteCount } }

    /// Reads every key but those of small contents. Blocks.
    init(_ metadata: any MetadataReading) throws(StoreError) {
        engine = try EngineMaintenance.statistics(metadata: metadata)
        var owners = try ChunkOwners(metadata, totals: engine)
        var buckets: [BucketStatistics] = []
        for (name, entry) in try BucketLoader.load(metadata).sorted(by: { $0.key < $1.key }) {
            var bucket = BucketStatistics(name: name)
            try bucket.count(entry.id, metadata, &owners)
            buckets.append(bucket)
        }
        let holdings = owners.finish()
        for index in buckets.indices { buckets[index].holdings = holdings.owners[index] }
        waitingByteCount = holdings.unownedByteCount
        self.buckets = buckets
    }
}

extension BucketStatistics {
    /// Counts everything but the holdings, for which it tells whose contents are whose.
    fileprivate mutating func count(
        _ bucketID: UInt64,
        _ metadata: any MetadataReading,
        _ owners: inout ChunkOwners
    ) throws(StoreError) {
        owners.beginOwner()
        let scan = TableScan(metadata)
        try scan.forEach(.objects, prefix: ObjectKeys.object(bucketID, [])) { key, value throws(StoreError) in
            let header = try VersionHeader.decode(value, key)
            guard !header.isDeleteMarker else { return }
            objectCount += 1
            logicalByteCount += header.content.size
            try owners.add(header.content)
        }
        try scan.forEach(.uploads, prefix: ObjectKeys.uploadKeyPrefix(bucketID, [])) { key, _ throws(StoreError) in
            uploadCount += 1
            guard let id = ObjectKeys.splitUpload(key)?.id else { return }
            let parts = ObjectKeys.parts(id)
            try scan.forEach(.uploads, from: parts.lower, until: parts.upper) { key, value throws(StoreError) in
                let content = try PartRecord.decode(value, key).content
                uploadByteCount += content.size
                try owners.add(content)
                return true
            }
        }
    }
}
