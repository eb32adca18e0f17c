// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A piece of plain content on its way from the connection to the packs.
///
/// Memory: `[ room for the carry | content ]`. The carry is the unfinished chunk of the block before, copied in front of
/// this block's content so that each chunk lies in one piece. Filled by the writer, then owned by one job: never both.
final class Block: @unchecked Sendable {  // Handed over through the job queue; see above.
    let memory: UnsafeMutableRawBufferPointer
    /// Where the content starts.
    let start: Int
    /// Where it ends.
    var end: Int

    init(start: Int, byteCount: Int) {
        memory = .allocate(byteCount: start + byteCount, alignment: 64)
        self.start = start
        end = start
    }

    deinit {
        memory.deallocate()
    }

    var roomByteCount: Int { memory.count - end }
    var content: UnsafeRawBufferPointer { bytes(start..<end) }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[range])
    }

    /// Copies as much as there is room for and returns how much that was.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, roomByteCount)
        guard count > 0, let source = bytes.baseAddress, let base = memory.baseAddress else { return 0 }
        (base + end).copyMemory(from: source, byteCount: count)
        end += count
        return count
    }
}

/// Keeps a few blocks for the next stream: fresh memory costs a page fault per 4 KiB, as much as copying it.
final class BlockPool: Sendable {
    private struct State {
        var free: [Block] = []
        var streamCount = 0
    }

    private let carryByteCountMax: Int
    private let blockByteCount: Int
    private let keepCountMax = 8
    private let state = Mutex(State())

    init(carryByteCountMax: Int, blockByteCount: Int) {
        self.carryByteCountMax = carryByteCountMax
        self.blockByteCount = blockByteCount
    }

    var keptCount: Int { state.withLock { $0.free.count } }

    /// A stream of blocks begins: with more than 16 of them each gets blocks of a quarter of the size.
    func beginStream() {
        state.withLock { $0.streamCount += 1 }
    }

    func endStream() {
        state.withLock { $0.streamCount -= 1 }
    }

    func take() -> Block {
        let (block, isCrowded) = state.withLock { ($0.free.popLast(), $0.streamCount > 16) }
        if let block {
            block.end = block.start
            return block
        }
        return Block(start: carryByteCountMax, byteCount: isCrowded ? blockByteCount / 4 : blockByteCount)
    }

    func giveBack(_ block: Block) {
        guard block.start == carryByteCountMax, block.memory.count == carryByteCountMax + blockByteCount else { return }
        state.withLock { state in
            if state.free.count < keepCountMax { state.free.append(block) }
        }
    }
}
