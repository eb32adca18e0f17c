// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a garbage collection did, or would do.
package struct GCReport: Sendable, Hashable {
    /// Multipart contents whose parts were joined.
    package var joinedContentCount: UInt64 = 0
    /// Recipes and assemblies nobody referred to.
    package var contentCount: UInt64 = 0
    /// Chunks nobody referred to.
    package var chunkCount: UInt64 = 0
    /// Their frames, garbage in their packs from then on.
    package var chunkByteCount: UInt64 = 0
    /// Contents left for later because somebody reads them or has found their chunks stored.
    package var postponedContentCount: UInt64 = 0
    /// Packs whose live frames were moved.
    package var compactedPackCount: UInt64 = 0
    /// Packs whose live frames were compressed again, or looked at and found to gain nothing.
    package var recompressedPackCount: UInt64 = 0
    /// By how much frames became shorter.
    package var savedByteCount: UInt64 = 0
    /// Frames moved to other packs, in bytes as they are there.
    package var movedByteCount: UInt64 = 0
    package var deletedPackCount: UInt64 = 0
    /// Sizes of the deleted packs.
    package var deletedByteCount: UInt64 = 0
    /// Bytes of whole pages given back inside packs that stay.
    package var holeByteCount: UInt64 = 0
    /// What the metadata gave back of inline contents.
    package var inlineByteCount: UInt64 = 0
    /// Garbage left in packs that are not worth the work yet, less the holes that were made or looked for since the start.
    package var remainingGarbageByteCount: UInt64 = 0
    /// Frames that do not verify: left where they are, and their packs with them.
    package var damagedFrameCount: UInt64 = 0

    package init() {}

    /// What the drive got back on balance. Holes that deleted packs had count again.
    package var freedByteCount: Int64 {
        Int64(clamping: deletedByteCount) + Int64(clamping: holeByteCount) + Int64(clamping: inlineByteCount)
            - Int64(clamping: movedByteCount)
    }

    /// Adds up what several collections did.
    mutating func add(_ other: GCReport) {
        joinedContentCount += other.joinedContentCount
        contentCount += other.contentCount
        chunkCount += other.chunkCount
        chunkByteCount += other.chunkByteCount
        postponedContentCount += other.postponedContentCount
        compactedPackCount += other.compactedPackCount
        recompressedPackCount += other.recompressedPackCount
        savedByteCount += other.savedByteCount
        movedByteCount += other.movedByteCount
        deletedPackCount += other.deletedPackCount
        deletedByteCount += other.deletedByteCount
        holeByteCount += other.holeByteCount
        inlineByteCount += other.inlineByteCount
        remainingGarbageByteCount = other.remainingGarbageByteCount
        damagedFrameCount += other.damagedFrameCount
    }
}
