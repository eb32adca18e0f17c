// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import NIOCore

/// Lengths between which content-defined cuts fall.
package struct ChunkSizes: Sendable, Hashable {
    /// At least 128, the reach of the hash.
    package var byteCountMin: Int
    /// Where cuts become likelier; chunks average about a seventh more. At most 256 KiB: the hash has 16 bits.
    package var byteCountNormal: Int
    package var byteCountMax: Int

    package init(byteCountMin: Int = 16 << 10, byteCountNormal: Int = 64 << 10, byteCountMax: Int = 256 << 10) {
        precondition(128 <= byteCountMin && byteCountMin < byteCountNormal && byteCountNormal < byteCountMax)
        precondition(byteCountNormal <= 256 << 10)
        precondition(byteCountMax <= PackFormat.chunkByteCountMax)
        self.byteCountMin = byteCountMin
        self.byteCountNormal = byteCountNormal
        self.byteCountMax = byteCountMax
    }
}

/// What a chunk engine may be told, with every default.
package struct EngineConfiguration: Sendable {
    /// Absolute; exists. Packs live in its folder `packs`.
    package var dataDirectory: String
    package var packByteCountMax: UInt64 = 512 << 20
    /// Holes in packs begin and end at multiples of this.
    package var holeUnitByteCount: UInt64 = 4_096
    /// Contents up to this size ride in the metadata batch.
    package var inlineByteCountMax = 16 << 10
    /// Contents up to this size are one chunk.
    package var wholeChunkByteCountMax = PackFormat.chunkByteCountMax
    package var chunkSizes = ChunkSizes()
    /// Uploads are compressed when no more than this share of the drive is free: 0 never, 1 always. Else they are left plain, which
    /// takes a third of the CPU time and is read faster, until nobody has written beside them for a while (`GarbagePolicy`).
    package var compressingFreeShareMax = 0.125
    package var compressionLevel: Int32 = 1
    /// Content is refused with `insufficientStorage` when the drive has less than this left, or less than a 64th of it up to a
    /// gibibyte; other changes that take room at half of this (`SpaceGuard`).
    package var freeByteFloor: UInt64 = 64 << 20
    /// Frees room kept apart, if there is any, and says so. Called on a worker when deletes come near to being refused: what they
    /// delete comes back when the metadata has been rewritten, which takes room first.
    package var giveUpReserve: @Sendable () -> Bool = { false }
    /// What a stream collects before a worker takes it; halved twice when many streams are open. Each costs a change of threads,
    /// a write and its share of the rounds that are not full.
    package var blockByteCount = 768 << 10
    /// Chunks of a recipe that go into one metadata batch while the content still streams.
    package var segmentEntryCountMax = RecipeSegment.entryCountMax
    package var commitGroupCountMax = 1_024
    package var commitGroupByteCountMax = 8 << 20
    /// Commits waiting for their group; one more is answered `slowDown`.
    package var commitQueueCountMax = 16_384
    package var openPackFileCountMax = 256
    /// Places known to be damaged that are held in memory, at about 100 bytes each. For more the metadata is asked, once per chunk.
    package var damageCountMax = 100_000
    /// One pread of contiguous frames.
    package var readByteCountMax = 1 << 20
    /// The largest range that `readIfCached` serves.
    package var cachedReadByteCountMax = 256 << 10
    /// What the system has left for the bytes of files. Nothing is read ahead of its readers while that is 0.
    package var availableMemory: @Sendable () -> UInt64 = { 0 }
    /// Readers that are enough for each to keep to its event loop.
    package var hotReaderCountMin = System.coreCount

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }
}
