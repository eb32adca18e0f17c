// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// What a start found and put in order.
struct RecoveredState: Sendable {
    var packs: RecoveredPacks
    /// Of this start.
    var generation: UInt32
    var findings: [RecoveryFinding]
}

struct RecoveredPacks: Sendable {
    var records: [UInt32: PackRecord]
    /// The packs that take the next frames, at most one of each kind.
    var current: [WritablePack]
    /// The lowest id never used.
    var nextID: UInt32
}

/// Something a start met that a person may want to know.
package enum RecoveryFinding: Sendable, Hashable {
    /// Bytes behind the last committed frame: an upload was under way when the power went.
    case cutPackTail(pack: UInt32, byteCount: UInt64)
    /// A pack file no commit ever named.
    case removedStrayPack(fileName: String)
    /// A recipe whose upload never ended; the next garbage collection takes its chunks back.
    case abandonedRecipe(content: UInt64)
    /// Damage: a pack file that the records need is not there.
    case missingPack(pack: UInt32)
    /// Damage: a pack file ends before its last committed frame.
    case shortPack(pack: UInt32, byteCount: UInt64, committedEnd: UInt64)

    package var isDamage: Bool {
        switch self {
        case .cutPackTail, .removedStrayPack, .abandonedRecipe: false
        case .missingPack, .shortPack: true
        }
    }
}
