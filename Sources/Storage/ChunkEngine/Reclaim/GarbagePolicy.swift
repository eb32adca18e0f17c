// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// When a collection touches a pack, and how fast it may go.
package struct GarbagePolicy: Sendable, Hashable {
    /// Packs with more garbage than this share of their bytes are rewritten; 0 leaves no garbage anywhere.
    package var rewriteShareMin = 0.2
    /// So are packs where holes have left more garbage than this share: what later frames of its group need, and parts of pages.
    package var unreturnedShareMin = 1.0
    /// Other packs get holes once they have this much garbage that has none yet.
    package var holeByteCountMin: UInt64 = 1 << 20
    /// The pack that is being written is closed and treated like the others when it has this much garbage.
    package var currentByteCountMin: UInt64 = 0
    /// The metadata is compacted when inline contents of so many bytes went since the last time,
    package var inlineByteCountMin: UInt64 = 0
    /// and when this is so much of what the table takes.
    package var inlineShareMin = 0.0
    /// Chunks or parts that one commit gives back: others wait for it, at about 5 µs a chunk.
    package var entryCountPerCommit = 2_048
    /// Live frames that one commit moves.
    package var moveByteCount: UInt64 = 4 << 20
    /// Moved bytes per second; nil as fast as it goes.
    package var moveByteRateMax: UInt64?
    /// Bytes of packs per second that are read to find what lives there; nil as fast as it goes.
    package var scanByteRateMax: UInt64?
    /// Joins the parts of multipart contents first (`ChunkEngine.joinParts`), at the core share of recompressing.
    package var joinsParts = false
    /// Bytes that the file system is given back at once. Where it passes them on to the drive (the mount option `discard`), all syncs
    /// wait for that: 30 ms for a pack as a whole, 50 ms for its holes.
    package var freedByteCountPerStep: UInt64 = 4 << 20
    /// A pack that could not be read, as a whole or in part, is passed over for as long.
    package var retrySecondsMin: Int64 = 0
    /// Packs that got no frame for as long are recompressed; nil leaves all as they are.
    package var recompressIdleSecondsMin: Int64?
    /// Of zstd. Higher levels take twice the time for what neighbours in groups give for nothing (`docs/deduplication.md`).
    package var recompressLevel: Int32 = 3
    /// Plain bytes that one commit recompresses: a few groups, since none goes on in the next.
    package var recompressCommitByteCount: UInt64 = 4 << 20
    /// A pack is only marked when less than this share of a sample would be saved.
    package var recompressShareMin = 0.03
    /// The pack that is being written is closed and recompressed when it has this many live bytes.
    package var recompressCurrentByteCountMin: UInt64 = 0
    /// Live frames that one collection recompresses; the next one goes on. Meanwhile nothing else is collected.
    package var recompressByteCountMax = UInt64.max
    /// The same in seconds: beside uploads, which go first, it takes ten times as long.
    package var recompressSecondsMax: Int64 = 1 << 32
    /// Of one core; nil as fast as it goes.
    package var recompressCoreShareMax: Double?

    package init() {}

    /// For a store in use.
    package static var background: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0.5
        policy.unreturnedShareMin = 0.25
        policy.currentByteCountMin = 16 << 20
        policy.inlineByteCountMin = 16 << 20
        policy.inlineShareMin = 0.25
        policy.entryCountPerCommit = 512
        policy.moveByteCount = 1 << 20
        policy.moveByteRateMax = 64 << 20
        policy.scanByteRateMax = FrameScan.byteRateMax
        policy.retrySecondsMin = 3_600
        policy.recompressIdleSecondsMin = 600
        policy.recompressCurrentByteCountMin = 16 << 20
        policy.recompressByteCountMax = 256 << 20
        policy.recompressSecondsMax = 10
        policy.recompressCoreShareMax = 0.25
        return policy
    }

    enum Treatment: Hashable {
        case leave
        /// Nothing in it lives.
        case delete
        case rewrite
        case recompress
        /// Give the space of dead frames back where they lie.
        case hole
    }

    /// - Parameters:
    ///   - isCurrent: new frames go there.
    ///   - idleSeconds: since it got its last frame.
    func treatment(
        _ record: PackRecord,
        isCurrent: Bool,
        idleSeconds: Int64,
        earlier: TreatedPacks.Treated
    ) -> Treatment {
        let garbageByteCount = record.garbageByteCount
        let recompresses =
            !record.isRecompressed && !earlier.isUnmovable
            && recompressIdleSecondsMin.map { idleSeconds >= $0 } ?? false
            && (!isCurrent || record.liveByteCount >= recompressCurrentByteCountMin)
        if isCurrent, garbageByteCount < currentByteCountMin, !recompresses { return .leave }
        if record.liveFrameCount == 0 { return .delete }
        if recompresses { return .recompress }
        let unreturnedByteCount = earlier.holedByteCount - min(earlier.holeByteCount, earlier.holedByteCount)
        let isWorthMoving =
            Double(garbageByteCount) > Double(record.committedEnd) * rewriteShareMin
            || Double(unreturnedByteCount) > Double(record.committedEnd) * unreturnedShareMin
        if isWorthMoving, !earlier.isUnmovable { return .rewrite }
        return garbageByteCount >= earlier.holedByteCount + holeByteCountMin ? .hole : .leave
    }
}
