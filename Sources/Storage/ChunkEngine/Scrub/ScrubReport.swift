// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import StorageTypes

/// How fast a scrub goes.
package struct ScrubPolicy: Sendable, Hashable {
    /// Bytes verified per second; nil as fast as the device.
    package var byteRateMax: UInt64?
    /// Bytes of packs per second that are read to find what is to be verified; nil as fast as the device.
    package var scanByteRateMax: UInt64?
    /// Frames read by one job on a worker.
    package var sliceByteCount: UInt64 = 4 << 20
    /// Begins a new pass even if one was interrupted, and asks a slower one that is under way to end.
    package var startsOver = false

    package init(byteRateMax: UInt64? = nil) {
        self.byteRateMax = byteRateMax
    }
}

/// Damage that a scrub met.
package enum ScrubFinding: Sendable, Hashable {
    case frame(SHA256Digest, pack: UInt32, offset: UInt64)
    case packHeader(UInt32)
    case inline(content: UInt64)
    /// In a file of the metadata.
    case metadata(String)
}

extension ScrubFinding: CustomStringConvertible {
    package var description: String {
        switch self {
        case .frame(let digest, let pack, let offset):
            "chunk \(digest.hex) at \(offset) of \(PackFormat.fileName(pack)) is damaged"
        case .packHeader(let pack): "\(PackFormat.fileName(pack)) has a damaged header"
        case .inline(let content): "inline content \(content) is damaged"
        case .metadata(let message): "the metadata is damaged: \(message)"
        }
    }
}

/// What a scrub read and found.
package struct ScrubReport: Sendable, Hashable {
    /// Findings beyond this number are only counted.
    package static let findingCountMax = 10_000

    package private(set) var findings: [ScrubFinding] = []
    package private(set) var findingCount: UInt64 = 0
    package internal(set) var packCount: UInt64 = 0
    package internal(set) var chunkCount: UInt64 = 0
    package internal(set) var inlineCount: UInt64 = 0
    /// Of frames and inline contents.
    package internal(set) var byteCount: UInt64 = 0
    /// False when the task was cancelled, or a pass that starts over waits: the next scrub goes on where this one ended.
    package internal(set) var isComplete = false

    package init() {}

    mutating func add(_ finding: ScrubFinding) {
        findingCount += 1
        if findings.count < Self.findingCountMax { findings.append(finding) }
    }
}
