// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// When a collection touches a pack, and how fast it may go.
package struct GarbagePolicy: Sendable, Hashable {
    /// Packs with more garbage than this share of their bytes are rewritten; 0 leaves no garbage anywhere.
    package var rewriteShareMin = 0.2
    /// Other packs get holes once they have this much garbage that has none yet.
    package var holeByteCountMin: UInt64 = 1 << 20
    /// The pack that is being written is closed and treated like the others when it has this much garbage.
    package var currentByteCountMin: UInt64 = 0
    /// Chunks or parts that one commit gives back: others wait for it, at about 5 µs a chunk.
    package var entryCountPerCommit = 2_048
    /// Live frames that one commit moves.
    package var moveByteCount: UInt64 = 4 << 20
    /// Moved bytes per second; nil as fast as it goes.
    package var moveByteRateMax: UInt64?

    package init() {}

    /// For a store in use.
    package static var background: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0.5
        policy.currentByteCountMin = 16 << 20
        policy.entryCountPerCommit = 512
        policy.moveByteCount = 1 << 20
        policy.moveByteRateMax = 64 << 20
        return policy
    }

    enum Treatment: Hashable {
        case leave
        /// Nothing in it lives.
        case delete
        case rewrite
        /// Give the space of dead frames back where they lie.
        case hole
    }

    /// - Parameter isCurrent: new frames go there.
    func treatment(_ record: PackRecord, isCurrent: Bool, earlier: TreatedPacks.Treated) -> Treatment {
        let garbageByteCount = record.garbageByteCount
        if isCurrent, garbageByteCount < currentByteCountMin { return .leave }
        if record.liveFrameCount == 0 { return .delete }
        if !earlier.isUnmovable, Double(garbageByteCount) > Double(record.committedEnd) * rewriteShareMin {
            return .rewrite
        }
        return garbageByteCount >= earlier.holedByteCount + holeByteCountMin ? .hole : .leave
    }
}
