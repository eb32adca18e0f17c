// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Synchronization

/// Groups that somebody has just read a little of. Small objects that lie side by side are often read one after the other, and
/// some of them again and again: each time all would be decompressed from the group's first frame on.
///
/// Memory: a megabyte for each of `countMax`.
final class RecentGroups: Sendable {
    private let countMax = 8
    /// The one that was used last is the last.
    private let kept = Mutex<[DecodedGroup]>([])

    /// The group for this reader alone, as far as it is known; who comes meanwhile gets another. Nil: no memory.
    func take(_ pack: UInt32, _ offset: UInt64) -> DecodedGroup? {
        let known = kept.withLock { kept -> DecodedGroup? in
            if let index = kept.firstIndex(where: { $0.isAt(pack, offset) }) { return kept.remove(at: index) }
            guard kept.count == countMax else { return nil }
            let oldest = kept.removeFirst()
            oldest.restart(pack, offset)
            return oldest
        }
        return known ?? DecodedGroup(pack, offset)
    }

    func giveBack(_ group: DecodedGroup) {
        // Another start may be luckier: what the device reads wrong once it may read right the next time.
        if group.isBroken { return }
        kept.withLock { kept in
            kept.removeAll { $0.isAt(group.pack, group.offset) }
            if kept.count == countMax { kept.removeFirst() }
            kept.append(group)
        }
    }
}

/// A group in memory, from its first frame on as far as somebody has read.
final class DecodedGroup: @unchecked Sendable {  // Owned by whoever took it.
    private(set) var pack: UInt32
    /// Of the first frame.
    private(set) var offset: UInt64
    private let decompressor: Decompressor
    private let plain = Block(start: 0, byteCount: PackFormat.groupPlainByteCountMax)
    private var decoder: GroupDecoder
    private var members: [(header: FrameHeader, plain: Range<Int>)] = []

    init?(_ pack: UInt32, _ offset: UInt64) {
        guard let decompressor = Decompressor() else { return nil }
        (self.pack, self.offset, self.decompressor) = (pack, offset, decompressor)
        decoder = GroupDecoder(decompressor, into: plain.memory)
    }

    /// Becomes another group, of which nothing is known.
    func restart(_ pack: UInt32, _ offset: UInt64) {
        (self.pack, self.offset) = (pack, offset)
        decoder = GroupDecoder(decompressor, into: plain.memory)
        members.removeAll(keepingCapacity: true)
    }

    func isAt(_ pack: UInt32, _ offset: UInt64) -> Bool { self.pack == pack && self.offset == offset }

    var isBroken: Bool { decoder.isBroken }

    /// Of the frames so far.
    var byteCount: Int { decoder.byteCount }

    /// Takes some frames that follow those so far, as `GroupDecoder.append` does.
    func append(_ frames: UnsafeRawBufferPointer) {
        members += decoder.append(frames)
    }

    /// The frame at this distance from the first one, and those behind it.
    func members(from distance: Int) -> some Sequence<(header: FrameHeader, plain: UnsafeRawBufferPointer)> {
        members.lazy.drop { $0.header.groupDistance < distance }.map { [plain] in ($0.header, plain.bytes($0.plain)) }
    }
}
