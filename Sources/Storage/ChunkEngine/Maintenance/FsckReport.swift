// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import StorageTypes

/// How closely a check looks.
package enum FsckDepth: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Records, file sizes and pack headers only.
    case structure = 0
    /// The checksum of every frame, every inline content and every file of the metadata, too.
    case frames = 1
    /// The SHA-256 of every chunk, too.
    case contents = 2

    package static func < (left: FsckDepth, right: FsckDepth) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Something that contradicts something else.
package enum FsckProblem: Sendable, Hashable {
    /// A record that can't be read, or whose key is of no kind that this format has.
    case unreadable(table: String, key: String, reason: String)
    case missingPackFile(pack: UInt32, liveFrameCount: UInt64)
    /// The file is there, but can't be opened.
    case unreadablePackFile(pack: UInt32, reason: String, liveFrameCount: UInt64)
    case badPackHeader(pack: UInt32)
    case shortPack(pack: UInt32, byteCount: UInt64, committedEnd: UInt64)
    /// The sums in the pack's record are not those of its chunks.
    case packCount(pack: UInt32, recordedByteCount: UInt64, byteCount: UInt64, recordedCount: UInt64, count: UInt64)
    /// A chunk in a pack that has no record, or past its committed end.
    case misplacedChunk(SHA256Digest, pack: UInt32, offset: UInt64)
    case overlappingChunks(SHA256Digest, SHA256Digest, pack: UInt32)
    /// The frame does not verify, or is another chunk's.
    case damagedFrame(SHA256Digest, pack: UInt32, offset: UInt64)
    case chunkCount(SHA256Digest, recorded: UInt64, actual: UInt64)
    /// Recipes name a chunk that is not in the index.
    case missingChunk(SHA256Digest, referenceCount: UInt64)
    case chunkLength(SHA256Digest, recorded: UInt32, inRecipe: UInt32)
    /// Segments without a head, a marker or a reclaim entry: nobody will ever free them.
    case orphanedSegments(content: UInt64)
    /// The head does not say what its segments say.
    case contentMismatch(content: UInt64, reason: String)
    /// A count of zero without a reclaim entry, or the reverse.
    case reclaimMismatch(content: UInt64, referenceCount: UInt64, isQueued: Bool)
    /// Assemblies refer to a recipe more often than it counts, or to one that is not there.
    case partReference(content: UInt64, recorded: UInt64, actual: UInt64)
    case missingInlinePart(content: UInt64)
    case damagedInline(content: UInt64)
    /// In a file of the metadata.
    case metadata(String)
    /// Records were found to be lost at a start, and what they may have named is left alone until `kept` is moved away.
    case keptLogs
}

extension FsckProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let table, let key, let reason):
            "record \(key) of table \(table) can't be read: \(reason)"
        case .missingPackFile(let pack, let count):
            "\(PackFormat.fileName(pack)) is missing, and \(count) chunks with it"
        case .unreadablePackFile(_, let reason, let count):
            "\(reason): \(count) chunks can't be read"
        case .badPackHeader(let pack):
            "\(PackFormat.fileName(pack)) has a damaged header"
        case .shortPack(let pack, let byteCount, let end):
            "\(PackFormat.fileName(pack)) has \(byteCount) of its \(end) bytes"
        case .packCount(let pack, let recordedBytes, let bytes, let recorded, let count):
            "\(PackFormat.fileName(pack)) counts \(recorded) chunks in \(recordedBytes) bytes but has \(count) in \(bytes)"
        case .misplacedChunk(let digest, let pack, let offset):
            "chunk \(digest.hex) is said to be at \(offset) of \(PackFormat.fileName(pack)), where nothing can be"
        case .overlappingChunks(let first, let second, let pack):
            "chunks \(first.hex) and \(second.hex) overlap in \(PackFormat.fileName(pack))"
        case .damagedFrame(let digest, let pack, let offset):
            "chunk \(digest.hex) at \(offset) of \(PackFormat.fileName(pack)) is damaged"
        case .chunkCount(let digest, let recorded, let actual):
            "chunk \(digest.hex) counts \(recorded) references but has \(actual)"
        case .missingChunk(let digest, let count):
            "chunk \(digest.hex) is missing, and \(count) recipe entries need it"
        case .chunkLength(let digest, let recorded, let inRecipe):
            "chunk \(digest.hex) has \(recorded) bytes, in a recipe \(inRecipe)"
        case .orphanedSegments(let content):
            "content \(content) has segments and no head"
        case .contentMismatch(let content, let reason):
            "content \(content): \(reason)"
        case .reclaimMismatch(let content, let count, let isQueued):
            "content \(content) counts \(count) references and is \(isQueued ? "" : "not ")queued for reclamation"
        case .partReference(let content, let recorded, let actual):
            "content \(content) counts \(recorded) references, and assemblies alone have \(actual)"
        case .missingInlinePart(let content):
            "inline content \(content) of an assembly is missing"
        case .damagedInline(let content):
            "inline content \(content) is damaged"
        case .metadata(let message):
            "the metadata is damaged: \(message)"
        case .keptLogs:
            "records are lost, for the metadata log was damaged, or the metadata is older than the packs; nothing is collected while kept/ is there"
        }
    }
}

/// What a check found.
package struct FsckReport: Sendable {
    /// Problems beyond this number are only counted.
    package static let problemCountMax = 10_000

    package private(set) var problems: [FsckProblem] = []
    package private(set) var problemCount: UInt64 = 0
    package internal(set) var packCount: UInt64 = 0
    package internal(set) var chunkCount: UInt64 = 0
    package internal(set) var contentCount: UInt64 = 0
    package internal(set) var inlineCount: UInt64 = 0
    /// Frames that were read and verified.
    package internal(set) var verifiedByteCount: UInt64 = 0
    /// Bytes in packs that no chunk uses; no problem, only space.
    package internal(set) var garbageByteCount: UInt64 = 0
    /// Contents that wait for the garbage collection.
    package internal(set) var reclaimableContentCount: UInt64 = 0
    private var missingPacks: Set<UInt32> = []

    package var isClean: Bool { problemCount == 0 }

    mutating func add(_ problem: FsckProblem) {
        // One place may be in the way of several walks.
        if case .metadata = problem, problems.contains(problem) { return }
        problemCount += 1
        if problems.count < Self.problemCountMax { problems.append(problem) }
        switch problem {
        case .missingPackFile(let pack, _), .unreadablePackFile(let pack, _, _): missingPacks.insert(pack)
        default: break
        }
    }

    /// Takes what a walk could not go on behind.
    ///
    /// - Throws: the error, when it is not that something is damaged.
    package mutating func note(_ error: StoreError) throws(StoreError) {
        guard error.code == .corrupted else { throw error }
        add(.metadata(error.diagnosis ?? "\(error)"))
    }

    /// Takes what a scrub finds of the same store for the part of the check that reads.
    mutating func note(_ finding: ScrubFinding) {
        switch finding {
        // Those of a pack that is not there are known to be lost, and headers were looked at.
        case .frame(_, let pack, _) where missingPacks.contains(pack): break
        case .packHeader: break
        case .frame(let digest, let pack, let offset): add(.damagedFrame(digest, pack: pack, offset: offset))
        case .inline(let content): add(.damagedInline(content: content))
        case .metadata(let message): add(.metadata(message))
        }
    }
}
