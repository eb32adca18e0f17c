// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// One stream's next run of bytes on its way through ``MD5Lanes``.
///
/// Ends with exactly one ``MD5Lanes/join(_:)`` or ``MD5Lanes/cancel(_:)``; until then the queue, or the job before it, retains
/// it and the owner of its bytes.
// Unchecked: `phase`, `waiter`, `successor` and `isCancelled` change only under the mutex of the lanes it was submitted to. Everything
// else belongs to whoever the phase names: the runner while `running`, the joining thread when `done`, the mutex in between; and each
// change of phase passes through the mutex, which orders the accesses.
package final class MD5Job: @unchecked Sendable {
    enum Phase {
        /// For the job before it, whose hasher it continues.
        case waiting
        case queued, running, done
    }

    var phase = Phase.waiting
    /// Who sleeps until the job is done or the runner's part falls to it.
    var waiter: MD5Waiter?
    /// The stream's next job, which waits for this one.
    var successor: MD5Job?
    /// Nobody will join it: a runner that has it does not put it back.
    var isCancelled = false

    private var hasher = MD5()
    private let bytes: UnsafeRawBufferPointer
    /// Nil only when there never was a whole block to do.
    private(set) var next: UnsafePointer<UInt8>?
    private(set) var blocksLeft = 0
    private var tail = UnsafeRawBufferPointer(start: nil, count: 0)
    private let owner: AnyObject

    /// - Parameter owner: Keeps `bytes` valid and unchanged.
    init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    /// Takes the bytes up to the first block border into `hasher` at once, and all when they are few. Once, before anybody else
    /// can see the job or under the mutex.
    func start(_ hasher: MD5) {
        self.hasher = hasher
        let partial = Int(hasher.context.num)
        let headCount = partial == 0 ? 0 : min(MD5.blockByteCount - partial, bytes.count)
        self.hasher.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(headCount)))
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(headCount))
        let bulkCount = rest.count / MD5.blockByteCount
        if bulkCount >= Self.blockCountMin, let base = rest.baseAddress {
            next = base.assumingMemoryBound(to: UInt8.self)
            blocksLeft = bulkCount
            tail = UnsafeRawBufferPointer(rebasing: rest.dropFirst(bulkCount * MD5.blockByteCount))
        } else {
            self.hasher.update(rest)
        }
    }

    /// 2 KiB: below, 3 µs of hashing are not worth the queue.
    private static let blockCountMin = 32

    var words: (UInt32, UInt32, UInt32, UInt32) {
        (hasher.context.A, hasher.context.B, hasher.context.C, hasher.context.D)
    }

    func advanceAlone(blockCount: Int) {
        let byteCount = blockCount * MD5.blockByteCount
        hasher.update(UnsafeRawBufferPointer(start: next, count: byteCount))
        next = next?.advanced(by: byteCount)
        blocksLeft -= blockCount
    }

    func absorbed(blockCount: Int, words: (UInt32, UInt32, UInt32, UInt32)) {
        (hasher.context.A, hasher.context.B, hasher.context.C, hasher.context.D) = words
        let byteCount = blockCount * MD5.blockByteCount
        let bitCount = (UInt64(hasher.context.Nh) << 32 | UInt64(hasher.context.Nl)) &+ UInt64(byteCount) &* 8
        hasher.context.Nl = UInt32(truncatingIfNeeded: bitCount)
        hasher.context.Nh = UInt32(truncatingIfNeeded: bitCount >> 32)
        next = next?.advanced(by: byteCount)
        blocksLeft -= blockCount
    }

    /// The hasher with all bytes in it; only once `done`.
    func result() -> MD5 {
        precondition(blocksLeft == 0)
        var result = hasher
        result.update(tail)
        return result
    }
}
