// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// One request ready to be sent.
struct PlannedRequest {
    var head: [UInt8]
    /// Stays valid until `finished(tag:)`.
    var body: UnsafeRawBufferPointer?
    var tag: Int
}

/// Where a worker's requests come from; used by one thread.
protocol Plan: AnyObject {
    /// Nil when nothing is left to do.
    func next() -> PlannedRequest?
    func finished(tag: Int)
    /// Bytes each request sends.
    var bodyByteCount: Int { get }
}

/// The same few requests again and again: GET, HEAD, LIST.
final class RepeatingPlan: Plan {
    private let heads: [[UInt8]]
    private var turn: Int
    let bodyByteCount = 0

    init(heads: [[UInt8]], firstTurn: Int) {
        self.heads = heads
        turn = firstTurn
    }

    func next() -> PlannedRequest? {
        turn += 1
        return PlannedRequest(head: heads[turn % heads.count], body: nil, tag: 0)
    }

    func finished(tag: Int) {}
}

/// Each request once: fill a bucket, delete it again.
final class ExhaustivePlan: Plan {
    private var heads: ArraySlice<[UInt8]>
    private let body: UnsafeRawBufferPointer?
    var bodyByteCount: Int { body?.count ?? 0 }

    init(heads: ArraySlice<[UInt8]>, body: UnsafeRawBufferPointer?) {
        self.heads = heads
        self.body = body
    }

    func next() -> PlannedRequest? {
        guard let head = heads.popFirst() else { return nil }
        return PlannedRequest(head: head, body: body, tag: 0)
    }

    func finished(tag: Int) {}
}

/// PUTs whose content differs from every other by a stamp in each 8 KiB, so that nothing deduplicates.
final class PutPlan: Plan {
    private let heads: [[UInt8]]
    private let isUnique: Bool
    private var bodies: [UnsafeMutableRawBufferPointer]
    private var free: [Int]
    private var turn: Int
    private var stamp: UInt64
    let bodyByteCount: Int

    init(heads: [[UInt8]], byteCount: Int, isUnique: Bool, connectionCount: Int, seed: UInt64) {
        self.heads = heads
        self.isUnique = isUnique
        bodyByteCount = byteCount
        turn = Int(seed & 0xffff)
        stamp = seed << 40
        var generator = SplitMix(state: isUnique ? seed : 1)
        bodies = (0..<connectionCount).map { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(8, byteCount), alignment: 8)
            for index in 0..<byteCount / 8 {
                buffer.storeBytes(of: generator.next(), toByteOffset: index * 8, as: UInt64.self)
            }
            if !isUnique { generator = SplitMix(state: 1) }
            return buffer
        }
        free = Array(bodies.indices)
    }

    deinit {
        for body in bodies { body.deallocate() }
    }

    func next() -> PlannedRequest? {
        guard let slot = free.popLast() else { return nil }
        turn += 1
        let buffer = bodies[slot]
        if isUnique {
            stamp += 1
            for offset in stride(from: 0, to: bodyByteCount - 7, by: 8_192) {
                buffer.storeBytes(of: stamp &* 0x9E37_79B9_7F4A_7C15, toByteOffset: offset, as: UInt64.self)
            }
        }
        let body = UnsafeRawBufferPointer(rebasing: buffer[..<bodyByteCount])
        return PlannedRequest(head: heads[turn % heads.count], body: body, tag: slot)
    }

    func finished(tag: Int) {
        free.append(tag)
    }
}

/// Alternates between two plans, `share` of the requests from the first.
final class MixedPlan: Plan {
    private let first: any Plan
    private let second: any Plan
    private let share: Double
    private var debt = 0.0
    /// Counted for the puts only by `finished`; the mixed figure reports requests, not bytes.
    let bodyByteCount = 0

    init(first: any Plan, second: any Plan, share: Double) {
        self.first = first
        self.second = second
        self.share = share
    }

    func next() -> PlannedRequest? {
        debt += share
        if debt >= 1 {
            debt -= 1
            return tagged(first.next(), 0)
        }
        return tagged(second.next(), 1)
    }

    func finished(tag: Int) {
        (tag & 1 == 0 ? first : second).finished(tag: tag >> 1)
    }

    private func tagged(_ request: PlannedRequest?, _ bit: Int) -> PlannedRequest? {
        guard var request else { return nil }
        request.tag = request.tag << 1 | bit
        return request
    }
}

/// SplitMix64: fast, seeded, incompressible.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
