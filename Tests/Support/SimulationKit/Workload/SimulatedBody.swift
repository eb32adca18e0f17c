// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTestSupport
import StorageTypes

/// A body that arrives as from a network: in pieces, with pauses in which everything else goes on, and sometimes not whole.
final class SimulatedBody: ObjectBody {
    enum Ending: Sendable {
        case whole
        /// The connection breaks after so many bytes.
        case broken(after: Int)
        /// What was announced does not fit what came.
        case wrongDigest
    }

    private var rest: ArraySlice<UInt8>
    private let ending: Ending
    private let pieceByteCountMax: Int
    private let pauseMax: Int
    private let scheduler: SimulationScheduler
    private var generator: SeededGenerator

    init(_ bytes: [UInt8], _ ending: Ending, _ scheduler: SimulationScheduler, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        if case .broken(let count) = ending { rest = bytes.prefix(count) } else { rest = bytes[...] }
        self.ending = ending
        self.scheduler = scheduler
        pieceByteCountMax = 1 + generator.below(4_000)
        // Some are so slow that others come, go and are collected meanwhile.
        pauseMax = generator.pick([1, 1, 4, 40, 400])
        self.generator = generator
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        await scheduler.sleep(generator.below(pauseMax))
        guard !rest.isEmpty else {
            if case .broken = ending { throw StoreError(.incompleteBody) }
            return nil
        }
        let piece = rest.prefix(1 + generator.below(pieceByteCountMax))
        rest = rest.dropFirst(piece.count)
        return ByteBuffer(bytes: piece)
    }

    func expectations() throws(StoreError) -> ContentExpectations {
        guard case .wrongDigest = ending else { return ContentExpectations() }
        return ContentExpectations(md5: [UInt8](repeating: 0, count: 16))
    }
}
