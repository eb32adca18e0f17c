// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// What a start found and put in order.
struct RecoveredState: Sendable {
    var packs: RecoveredPacks
    /// Of this start.
    var generation: UInt32
    /// Records of the metadata are lost, and nobody has said yet that what it named may go.
    var keepsUnknown: Bool
    var findings: [RecoveryFinding]
}

struct RecoveredPacks: Sendable {
    var records: [UInt32: PackRecord]
    /// The packs that take the next frames, at most one of each kind.
    var current: [WritablePack]
    /// The lowest id never used.
    var nextID: UInt32
    /// Packs get lower ids until more are reserved.
    var reservedEnd: UInt32
}

/// Something a start met that a person may want to know.
package enum RecoveryFinding: Sendable, Hashable {
    /// Bytes behind the last committed frame: an upload was under way when the power went.
    case cutPackTail(pack: UInt32, byteCount: UInt64)
    /// A pack file no commit ever named.
    case removedStrayPack(fileName: String)
    /// A recipe whose upload never ended; the next garbage collection takes its chunks back.
    case abandonedRecipe(content: UInt64)
    /// Damage: the metadata is older than packs that are there, for it has never reserved their ids.
    case olderMetadata(pack: UInt32)
    /// Damage: records were found to be lost, at this start or an earlier one.
    case keptLogs
    /// The same as `cutPackTail` and `removedStrayPack` while records are lost: they may have named them.
    case keptPackTail(pack: UInt32, byteCount: UInt64)
    case keptStrayPack(fileName: String)
    /// Damage: a pack file that the records need can't be opened.
    case unreadablePack(reason: String)
    /// A pack file no commit ever named, and the file system keeps it.
    case unremovablePack(reason: String)
    /// Damage: a pack file that the records need is not there.
    case missingPack(pack: UInt32)
    /// Damage: a pack file ends before its last committed frame.
    case shortPack(pack: UInt32, byteCount: UInt64, committedEnd: UInt64)

    /// Whether somebody has to look after it.
    package var isDamage: Bool {
        switch self {
        case .cutPackTail, .removedStrayPack, .abandonedRecipe, .keptPackTail, .keptStrayPack: false
        case .olderMetadata, .keptLogs, .unreadablePack, .unremovablePack, .missingPack, .shortPack: true
        }
    }
}

extension RecoveryFinding: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cutPackTail(let pack, let byteCount):
            "\(byteCount) bytes behind the last committed frame of \(PackFormat.fileName(pack)) cut"
        case .removedStrayPack(let fileName): "\(fileName), which no record names, removed"
        case .abandonedRecipe(let content): "content \(content) of an upload that never ended given back"
        case .olderMetadata(let pack):
            "the metadata is older than \(PackFormat.fileName(pack)), as if from a backup: nothing of the packs is removed"
        case .keptLogs: FsckProblem.keptLogs.description
        case .keptPackTail(let pack, let byteCount):
            "\(byteCount) bytes behind the last committed frame of \(PackFormat.fileName(pack)) kept"
        case .keptStrayPack(let fileName): "\(fileName), which no record names, kept"
        case .unreadablePack(let reason), .unremovablePack(let reason): reason
        case .missingPack(let pack): "\(PackFormat.fileName(pack)) is missing"
        case .shortPack(let pack, let byteCount, let end):
            FsckProblem.shortPack(pack: pack, byteCount: byteCount, committedEnd: end).description
        }
    }
}
