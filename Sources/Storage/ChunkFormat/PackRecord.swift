// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// What the store knows of a pack file, updated in every batch that adds to it or takes from it.
package struct PackRecord: Sendable, Hashable {
    /// Raw values are on disk: never reuse one.
    package enum State: UInt8, Sendable, Hashable {
        /// May have bytes past `committedEnd`; the next start cuts them.
        case open = 0
        case sealed = 1
    }

    static let version: UInt8 = 1
    private static let recompressedFlag: UInt16 = 1

    package var state: State
    /// The frames are as short as they get: made by a recompression, or found to gain nothing from one.
    package var isRecompressed: Bool
    /// Every frame that a chunk record names ends at or before this offset.
    package var committedEnd: UInt64
    /// Sum of the frames that chunk records name; what lies between is garbage.
    package var liveByteCount: UInt64
    package var liveFrameCount: UInt64

    package init(
        state: State,
        isRecompressed: Bool = false,
        committedEnd: UInt64,
        liveByteCount: UInt64,
        liveFrameCount: UInt64
    ) {
        self.state = state
        self.isRecompressed = isRecompressed
        self.committedEnd = committedEnd
        self.liveByteCount = liveByteCount
        self.liveFrameCount = liveFrameCount
    }

    /// Bytes that nothing refers to, be they holes already, of which no record tells.
    package var garbageByteCount: UInt64 {
        let used = UInt64(PackFormat.headerByteCount) + liveByteCount
        return committedEnd > used ? committedEnd - used : 0
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.version)
        guard let state = State(rawValue: try reader.fixed(UInt8.self)) else { throw DecodeError(.invalidValue, at: 1) }
        let flags = try reader.fixed(UInt16.self)
        guard flags & ~Self.recompressedFlag == 0 else { throw DecodeError(.invalidValue, at: 2) }
        self.state = state
        isRecompressed = flags & Self.recompressedFlag != 0
        committedEnd = try reader.fixed(UInt64.self)
        liveByteCount = try reader.fixed(UInt64.self)
        liveFrameCount = try reader.fixed(UInt64.self)
        guard (UInt64(PackFormat.headerByteCount)...PackFormat.packByteCountMax).contains(committedEnd) else {
            throw DecodeError(.invalidValue, at: 4)
        }
        guard liveByteCount <= committedEnd else { throw DecodeError(.invalidValue, at: 12) }
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 28)
        writer.fixed(Self.version)
        writer.fixed(state.rawValue)
        writer.fixed(isRecompressed ? Self.recompressedFlag : 0)
        writer.fixed(committedEnd)
        writer.fixed(liveByteCount)
        writer.fixed(liveFrameCount)
        return writer.bytes
    }
}

/// A frame that did not verify: what a person needs to find it. With pack 0 in its key, the inline content of that number.
///
/// There for as long as the index names the frame.
package struct QuarantineRecord: Sendable, Hashable {
    static let version: UInt8 = 1

    package let digest: SHA256Digest
    /// When it was first seen.
    package let seen: Timestamp
    /// UTF-8.
    package let reason: String

    package init(digest: SHA256Digest, seen: Timestamp, reason: String) {
        self.digest = digest
        self.seen = seen
        self.reason = reason
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.version)
        digest = SHA256Digest(bytes: try reader.raw(32))
        seen = Timestamp(nanoseconds: try reader.fixed(Int64.self))
        reason = String(decoding: try reader.counted(), as: UTF8.self)
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 96)
        writer.fixed(Self.version)
        writer.raw(digest.bytes)
        writer.fixed(seen.nanoseconds)
        writer.counted(reason.utf8)
        return writer.bytes
    }
}
