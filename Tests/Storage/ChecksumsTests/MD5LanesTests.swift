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
                let jobs = blocks.map { MD5Job(MD5(), $0.pointer, owner: $0) }
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
            repeating: MD5Job(MD5(), .init(start: nil, count: 0), owner: nil).words,
            count: 16
        )
        let block = Block(generator.bytes(count: 64 * 7 + 3))
        guard let base = block.pointer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let pointers = [UnsafePointer<UInt8>](repeating: base + 3, count: 16)
        drydock_md5_avx512_x16(&states, pointers, 7)
        var narrow = states
        narrow.withUnsafeMutableBufferPointer { all in
            for index in all.indices { all[index] = MD5Job(MD5(), .init(start: nil, count: 0), owner: nil).words }
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
            bytes.inRandomPieces(&generator) { lanes.update(&hasher, $0) }
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
                let bytes = generator.bytes(count: Int.random(in: 0...60_000, using: &generator))
                bytes.withUnsafeBytes { bytes in
                    lanes.update(&hasher, bytes) { reference.update(bytes) }
                }
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
            var pending = [MD5Job?](repeating: nil, count: streamCount)
            for _ in 0..<200 {
                let stream = Int.random(in: 0..<streamCount, using: &generator)
                if let job = pending[stream] { hashers[stream] = lanes.join(job) }
                let block = Block(generator.bytes(count: Int.random(in: 1...30_000, using: &generator)))
                references[stream].update(block.pointer)
                pending[stream] = lanes.submit(hashers[stream], block.pointer, owner: block)
            }
            for (stream, job) in pending.enumerated() {
                if let job { hashers[stream] = lanes.join(job) }
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

    @Test func `an error of the work alongside still leaves the bytes hashed`() {
        struct Failure: Error {}
        let lanes = MD5Lanes()
        var generator = TestGenerator(seed: 16)
        let bytes = generator.bytes(count: 50_000)
        var hasher = MD5()
        #expect(throws: Failure.self) {
            try bytes.withUnsafeBytes { bytes in
                try lanes.update(&hasher, bytes) { () throws(Failure) in throw Failure() }
            }
        }
        #expect(hasher.finalize() == MD5.hash(bytes))
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
