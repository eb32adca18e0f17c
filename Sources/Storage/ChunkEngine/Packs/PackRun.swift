// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import Synchronization

/// Frames on their way to a pack, one behind the other, so that one write takes them all.
///
/// The memory starts at a page, so that a long run can be written past the page cache (`File.write`). Owned by one job at a
/// time.
final class PackRun: @unchecked Sendable {  // Handed over through its pool.
    static let pageByteCount = 4_096

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Of the frames so far.
    private(set) var byteCount = 0

    deinit {
        memory.deallocate()
    }

    var isEmpty: Bool { byteCount == 0 }
    /// Of the memory.
    var capacity: Int { memory.count }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<byteCount]) }

    /// The frames and zeros up to the end of the page.
    var wholePages: UnsafeRawBufferPointer {
        let end = Self.pageEnd(byteCount)
        guard end > 0 else { return bytes }
        UnsafeMutableRawBufferPointer(rebasing: memory[byteCount..<end]).initializeMemory(as: UInt8.self, repeating: 0)
        return UnsafeRawBufferPointer(rebasing: memory[..<end])
    }

    /// Room for one more frame, behind the others. Invalidates what was lent before.
    func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let needed = Self.pageEnd(byteCount + count)
        if needed > memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(needed, memory.count * 2),
                alignment: Self.pageByteCount
            )
            larger.copyMemory(from: bytes)
            memory.deallocate()
            memory = larger
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[byteCount..<byteCount + count])
    }

    /// Makes the first `count` bytes of what `room` lent a frame.
    func take(_ count: Int) {
        byteCount += count
    }

    func removeAll() {
        byteCount = 0
    }

    static func pageEnd<Integer: BinaryInteger>(_ byteCount: Integer) -> Integer {
        byteCount.roundedUp(toMultipleOf: Integer(pageByteCount))
    }
}

/// Keeps a few runs: fresh memory costs a page fault per 4 KiB, as much as copying it.
final class PackRunPool: Sendable {
    private let free = Mutex<[PackRun]>([])
    /// As many as there are workers on a small machine.
    private let keepCountMax = 8
    /// What a block of an upload takes, and a half for growing. Collections have longer runs: in time each would be one of theirs.
    private let keepByteCountMax = 3 << 20

    func take() -> PackRun {
        free.withLock { $0.popLast() } ?? PackRun()
    }

    func giveBack(_ run: PackRun) {
        run.removeAll()
        guard run.capacity <= keepByteCountMax else { return }
        free.withLock { free in
            if free.count < keepCountMax { free.append(run) }
        }
    }
}
