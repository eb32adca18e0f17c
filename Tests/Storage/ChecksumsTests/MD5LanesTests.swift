// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Glibc
import StorageTypes
import Synchronization
import Testing

@testable import Checksums

/// Bytes at a fixed address, as a network buffer holds them.
private final class Block: Sendable {
    let bytes: [UInt8]
    private let copy: UnsafeSendableBytes

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        memory.copyBytes(from: bytes)
        copy = UnsafeSendableBytes(pointer: UnsafeRawBufferPointer(memory))
    }

    deinit {
        copy.pointer.deallocate()
    }

    var pointer: UnsafeRawBufferPointer { copy.pointer }

    // Unchecked: never written to after its creation.
    private struct UnsafeSendableBytes: @unchecked Sendable {
        let pointer: UnsafeRawBufferPointer
    }
}

extension MD5Job {
    /// The first of a stream.
    fileprivate static func started(_ block: Block) -> MD5Job {
        let job = MD5Job(block.pointer, owner: block)
        job.start(MD5())
        return job
    }
}

/// Runs `body` on as many threads at once and waits for all. Joining blocks, so Swift's own threads won't do.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (_ index: Int) -> Void) {
    final class Start: Sendable {
        let index: Int
        let body: @Sendable (Int) -> Void

        init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.index = index
            self.body = body
        }
    }
    let threads = (0..<count).map { index in
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(index, body)).toOpaque()
        pthread_create(
            &thread,
            nil,
            { argument in
                if let argument {
                    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                    start.body(start.index)
                }
                return nil
            },
            start,
        )
        return thread
    }
    for thread in threads { pthread_join(thread, nil) }
}

@Suite(.timeLimit(.minutes(2))) struct `MD5 lanes` {
    static let kernels = MD5LaneKernel.allCases.filter(\.isAvailable)

    @Test(arguments: kernels)
    func `each lane equals its stream alone`(_ kernel: MD5LaneKernel) {
        var generator = TestGenerator(seed: 11)
        for jobCount in 1...kernel.laneCount {
            for blockCount in [32, 33, 100] {
                let blocks = (0..<jobCount).map { _ in Block(generator.bytes(count: blockCount * 64)) }
                let jobs = blocks.map { MD5Job.started($0) }
                kernel.advance(jobs, blockCount: blockCount - 1)
                kernel.advance(jobs, blockCount: 1)
                for (job, block) in zip(jobs, blocks) {
                    #expect(job.result().finalize() == MD5.hash(block.bytes))
                }
            }
        }
    }

    @Test(.enabled(if: drydock_kernel_available(drydock_kernel_avx512), "this CPU has no AVX-512"))
    func `the 16-lane kernel works with few lanes too`() {
        var generator = TestGenerator(seed: 12)
        var states = [(UInt32, UInt32, UInt32, UInt32)](
            repeating: MD5Job.started(Block([])).words,
            count: 16
        )
        let block = Block(generator.bytes(count: 64 * 7 + 3))
        guard let base = block.pointer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let pointers = [UnsafePointer<UInt8>](repeating: base + 3, count: 16)
        drydock_md5_avx512_x16(&states, pointers, 7)
        var narrow = states
        narrow.withUnsafeMutableBufferPointer { all in
            for index in all.indices { all[index] = MD5Job.started(Block([])).words }
        }
        drydock_md5_avx2_x8(&narrow, pointers, 7)
        #expect(states[0] == narrow[0] && states[15] == narrow[7])
    }

    @Test(arguments: kernels)
    func `pieces of any size give the value of the whole`(_ kernel: MD5LaneKernel) {
        let lanes = MD5Lanes(kernel: kernel)
        var generator = TestGenerator(seed: 13)
        for count in [0, 1, 63, 64, 2_047, 2_048, 2_049, 2_111, 2_112, 65_536, 300_001] {
            let bytes = generator.bytes(count: count)
            var hasher = MD5()
            bytes.inRandomPieces(&generator) { hasher = lanes.join(lanes.submit(hasher, $0, owner: lanes)) }
            #expect(hasher.finalize() == MD5.hash(bytes), "\(count) bytes")
        }
    }

    @Test(arguments: kernels, [2, 7, 24])
    func `many threads get their own values`(_ kernel: MD5LaneKernel, threadCount: Int) {
        let lanes = MD5Lanes(kernel: kernel)
        let failures = Mutex<[Int]>([])
        onThreads(threadCount) { index in
            var generator = TestGenerator(seed: UInt64(100 + index))
            var hasher = MD5()
            var reference = MD5()
            for _ in 0..<40 {
                let block = Block(generator.bytes(count: Int.random(in: 0...60_000, using: &generator)))
                let job = lanes.submit(hasher, block.pointer, owner: block)
                reference.update(block.pointer)
                hasher = lanes.join(job)
            }
            if hasher.finalize() != reference.finalize() { failures.withLock { $0.append(index) } }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test(arguments: kernels)
    func `streams joined late and in any order get their own values`(_ kernel: MD5LaneKernel) {
        let lanes = MD5Lanes(kernel: kernel)
        let failures = Mutex<[Int]>([])
        onThreads(3) { index in
            var generator = TestGenerator(seed: UInt64(200 + index))
            let streamCount = 12
            var references = [MD5](repeating: MD5(), count: streamCount)
            var hashers = references
            var pending = [[MD5Job]](repeating: [], count: streamCount)
            for _ in 0..<200 {
                let stream = Int.random(in: 0..<streamCount, using: &generator)
                let jobCountMax = Int.random(in: 0...2, using: &generator)
                while pending[stream].count > jobCountMax {
                    hashers[stream] = lanes.join(pending[stream].removeFirst())
                }
                let block = Block(generator.bytes(count: Int.random(in: 1...30_000, using: &generator)))
                references[stream].update(block.pointer)
                let job =
                    if let last = pending[stream].last {
                        lanes.submit(after: last, block.pointer, owner: block)
                    } else {
                        lanes.submit(hashers[stream], block.pointer, owner: block)
                    }
                pending[stream].append(job)
            }
            for (stream, jobs) in pending.enumerated() {
                for job in jobs { hashers[stream] = lanes.join(job) }
                if hashers[stream].finalize() != references[stream].finalize() {
                    failures.withLock { $0.append(index) }
                }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test(arguments: kernels)
    func `one join takes along what fits into the lanes`(_ kernel: MD5LaneKernel) {
        let lanes = MD5Lanes(kernel: kernel)
        var generator = TestGenerator(seed: 14)
        let blocks = (0..<20).map { _ in Block(generator.bytes(count: 64 * 1_024)) }
        let jobs = blocks.map { lanes.submit(MD5(), $0.pointer, owner: $0) }
        #expect(lanes.join(jobs[19]).finalize() == MD5.hash(blocks[19].bytes))
        #expect(jobs.filter { $0.phase == .done }.count == kernel.laneCount)
        for index in 0..<19 { #expect(lanes.join(jobs[index]).finalize() == MD5.hash(blocks[index].bytes)) }
    }

    @Test(.enabled(if: MD5LaneKernel.best != .scalar, "this CPU has no lanes"))
    func `a runner leaves when its own job is done, and the rest goes on from there`() {
        let lanes = MD5Lanes()
        var generator = TestGenerator(seed: 15)
        let short = Block(generator.bytes(count: 64 * 300))
        let long = Block(generator.bytes(count: 64 * 5_000 + 5))
        let longJob = lanes.submit(MD5(), long.pointer, owner: long)
        let shortJob = lanes.submit(MD5(), short.pointer, owner: short)
        #expect(lanes.join(shortJob).finalize() == MD5.hash(short.bytes))
        #expect(longJob.phase == .queued)
        #expect(longJob.blocksLeft == 5_000 - 300)
        #expect(lanes.join(longJob).finalize() == MD5.hash(long.bytes))
    }

    @Test(.enabled(if: MD5LaneKernel.best != .scalar, "this CPU has no lanes"))
    func `the next job of a stream goes on in the lane of the one before`() {
        let lanes = MD5Lanes()
        var generator = TestGenerator(seed: 18)
        let long = Block(generator.bytes(count: 64 * 5_000))
        let pieces = [64 * 400 + 1, 64 * 900 + 2, 7].map { Block(generator.bytes(count: $0)) }
        let first = lanes.submit(MD5(), pieces[0].pointer, owner: pieces[0])
        let second = lanes.submit(after: first, pieces[1].pointer, owner: pieces[1])
        let third = lanes.submit(after: second, pieces[2].pointer, owner: pieces[2])
        #expect(second.phase == .waiting && third.phase == .waiting)
        let longJob = lanes.submit(MD5(), long.pointer, owner: long)
        #expect(lanes.join(longJob).finalize() == MD5.hash(long.bytes))
        #expect([first, second, third].allSatisfy { $0.phase == .done })
        let fourth = lanes.submit(after: third, pieces[1].pointer, owner: pieces[1])
        #expect(lanes.join(fourth).finalize() == MD5.hash((pieces + [pieces[1]]).flatMap(\.bytes)))
    }

    @Test func `a stream that is given up half-way leaves its next jobs unhashed`() {
        let lanes = MD5Lanes()
        var generator = TestGenerator(seed: 19)
        let other = Block(generator.bytes(count: 100_000))
        weak var remembered: Block?
        do {
            let blocks = (0..<2).map { _ in Block(generator.bytes(count: 100_000)) }
            remembered = blocks[1]
            let first = lanes.submit(MD5(), blocks[0].pointer, owner: blocks[0])
            let second = lanes.submit(after: first, blocks[1].pointer, owner: blocks[1])
            lanes.cancel(second)
            lanes.cancel(first)
            #expect(second.phase == .waiting)
        }
        #expect(remembered == nil)
        let job = lanes.submit(MD5(), other.pointer, owner: other)
        #expect(lanes.join(job).finalize() == MD5.hash(other.bytes))
    }

    @Test func `a cancelled job gives its bytes back`() {
        let lanes = MD5Lanes()
        weak var remembered: Block?
        do {
            let block = Block([UInt8](repeating: 1, count: 100_000))
            remembered = block
            let job = lanes.submit(MD5(), block.pointer, owner: block)
            lanes.cancel(job)
        }
        #expect(remembered == nil)
    }

    @Test func `the length is right beyond 512 MiB, where its lower word overflows`() {
        var generator = TestGenerator(seed: 17)
        let block = Block(generator.bytes(count: 1 << 20))
        var scalar = MD5()
        for _ in 0..<511 { scalar.update(block.pointer) }
        let lanes = MD5Lanes()
        let jobs = (0..<2).map { _ in lanes.submit(scalar, block.pointer, owner: block) }
        var results = jobs.map { lanes.join($0) }
        scalar.update(block.pointer)
        for index in results.indices {
            #expect(results[index].finalize() == scalar.finalize())
            results[index].update(block.pointer)
        }
        scalar.update(block.pointer)
        #expect(results[0].finalize() == scalar.finalize())
    }
}
