// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// How much a store holds, stage by stage of saving space.
package struct EngineStatistics: Sendable, Hashable {
    /// Bytes that recipes name, each time they name them. An object that is a copy shares its original's recipe and
    /// adds nothing.
    package private(set) var logicalByteCount: UInt64 = 0
    /// Bytes of the distinct chunks.
    package private(set) var deduplicatedByteCount: UInt64 = 0
    /// Their payloads as they are stored.
    package private(set) var compressedByteCount: UInt64 = 0
    package private(set) var chunkCount: UInt64 = 0
    package private(set) var packCount: UInt64 = 0
    /// Up to the last committed frame of each pack.
    package private(set) var packByteCount: UInt64 = 0
    /// Bytes in packs that nothing refers to. Some may be holes already, of which no record tells.
    package private(set) var garbageByteCount: UInt64 = 0
    /// Contents that wait for the garbage collection, whose chunks are not garbage yet.
    package private(set) var reclaimableContentCount: UInt64 = 0
    /// Frames and inline contents found damaged, and neither mended nor gone since.
    package private(set) var quarantinedFrameCount: UInt64 = 0

    /// Blocks.
    init(_ metadata: any MetadataReading) throws(StoreError) {
        try addChunks(metadata)
        try addSystem(metadata)
    }

    private mutating func addChunks(_ metadata: any MetadataReading) throws(StoreError) {
        try metadata.forEach(.chunks, from: [], until: nil) { key, value throws(StoreError) in
            let record = try StorageCall.decoding("chunk \(Hex.encode(key))") { () throws(DecodeError) in
                try ChunkRecord(decoding: value)
            }
            chunkCount += 1
            logicalByteCount += UInt64(record.plainByteCount) * record.referenceCount
            deduplicatedByteCount += UInt64(record.plainByteCount)
            compressedByteCount += UInt64(record.encodedByteCount)
        }
    }

    private mutating func addSystem(_ metadata: any MetadataReading) throws(StoreError) {
        let packs = EngineKeys.range(of: EngineKeys.packPrefix)
        try metadata.forEach(.system, from: packs.lower, until: packs.upper) { key, value throws(StoreError) in
            let record = try StorageCall.decoding("pack record \(Hex.encode(key))") { () throws(DecodeError) in
                try PackRecord(decoding: value)
            }
            packCount += 1
            packByteCount += record.committedEnd
            garbageByteCount += record.garbageByteCount
        }
        for prefix in [EngineKeys.reclaimPrefix, EngineKeys.pendingPrefix] {
            let range = EngineKeys.range(of: prefix)
            try metadata.forEach(.system, from: range.lower, until: range.upper) { _, _ in
                reclaimableContentCount += 1
            }
        }
        let quarantine = EngineKeys.range(of: EngineKeys.quarantinePrefix)
        try metadata.forEach(.system, from: quarantine.lower, until: quarantine.upper) { _, _ in
            quarantinedFrameCount += 1
        }
    }
}

/// What the packs hold, as the records in memory have it.
package struct PackStatistics: Sendable, Hashable {
    package var packCount: UInt64 = 0
    /// Up to the last committed frame of each.
    package var byteCount: UInt64 = 0
    package var liveByteCount: UInt64 = 0
    package var liveFrameCount: UInt64 = 0
    package var garbageByteCount: UInt64 = 0
}

/// What the drive has left.
package struct DriveSpace: Sendable, Hashable {
    package let freeByteCount: UInt64
    /// Contents are refused.
    package let isFull: Bool

    package init(freeByteCount: UInt64, isFull: Bool) {
        self.freeByteCount = freeByteCount
        self.isFull = isFull
    }
}

extension ChunkEngine {
    /// Nil when the file system does not tell. Blocks for a system call.
    package var driveSpace: DriveSpace? { try? parts.space.driveSpace() }

    /// Costs a step per pack.
    package var packStatistics: PackStatistics {
        parts.packs.records.values.reduce(into: PackStatistics()) { sum, record in
            sum.packCount += 1
            sum.byteCount += record.committedEnd
            sum.liveByteCount += record.liveByteCount
            sum.liveFrameCount += record.liveFrameCount
            sum.garbageByteCount += record.garbageByteCount
        }
    }
}
