// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
import StorageTestSupport
import StorageTypes

/// The real store on a simulated machine, under clients and faults that follow from a seed.
///
/// A store lives many lives. In each, clients work at once while copies of the machine lose their power; every copy is
/// started, compared with the model and checked; and one of them, as it is then, is where the next life begins. So recovered
/// stores crash again, and garbage, sealed packs and half-done uploads pile up as they do in years.
package struct Simulation {
    /// Lives of one seed.
    private static let lifeCount = 12

    package let seed: UInt64
    package private(set) var report = SimulationReport()
    private let log = EventLog()
    private var generator: SeededGenerator
    private let configuration: ObjectStoreConfiguration
    private let drive: SimulatedDrive

    package init(seed: UInt64, drive: SimulatedDrive = .honest) {
        self.seed = seed
        self.drive = drive
        generator = SeededGenerator(seed: seed)
        configuration = Self.configuration(&generator)
    }

    /// What happened last, for the report of a failure.
    package var tail: [String] { log.lines }

    /// - Throws: `SimulationFailure`, the first broken promise.
    package mutating func run() throws(SimulationFailure) {
        var state = try begin()
        for number in 1...Self.lifeCount {
            log.add("life \(number): \(state.label)")
            do {
                state = try live(state)
            } catch let failure as SimulationFailure {
                throw failure
            } catch {
                throw SimulationFailure(.availability, "life \(number): \(error)")
            }
        }
    }

    /// An empty store with a bucket.
    private mutating func begin() throws(SimulationFailure) -> CrashState {
        let machine = SimulatedMachine(seed: generator.next(), caching: .random, isTraced: false)
        let configuration = configuration
        let scheduler = SimulationScheduler(seed: 0)
        let failure = scheduler.run { () -> SimulationFailure? in
            do {
                let fresh = try SimulatedStore(machine, configuration)
                _ = try await fresh.store.createBucket(Names.bucket, owner: "main", region: "us-east-1")
                await fresh.close()
                return nil
            } catch {
                return SimulationFailure(.start, "an empty machine: \(error)")
            }
        }
        guard let failure else { throw SimulationFailure(.progress, "an empty machine") }
        if let failure { throw failure }
        return CrashState(machine: machine, ledger: Ledger(ContentBook(&generator)), label: "empty")
    }

    private mutating func live(_ start: CrashState) throws -> CrashState {
        let life = Life(start, configuration, drive, SeededGenerator(seed: generator.next()), log)
        var check = CrashCheck(configuration, SeededGenerator(seed: generator.next()))
        defer {
            report.add(life.report)
            report.add(check.report)
        }
        var seenCount = 0
        var chosen: CrashState?
        let operationCount = 20 + generator.below(60)
        var choice = SeededGenerator(seed: generator.next())
        try life.run(operationCount: operationCount) { state in
            let settled = try check.settle(state)
            seenCount += 1
            // Each of them with the same probability.
            if choice.below(seenCount) == 0 { chosen = settled }
        }
        // Stopped and started, killed, or without power from the last call on.
        let last = CrashState(
            machine: life.machine.crashState(generator.powerLossMode(), seed: generator.next()),
            ledger: life.ledger,
            label: "power lost at the end"
        )
        let settled = try check.settle(last)
        return generator.coin() ? settled : chosen ?? settled
    }

    /// Every limit small, so that a few kilobytes go every way that gigabytes go, and some of them different for each seed.
    private static func configuration(_ generator: inout SeededGenerator) -> ObjectStoreConfiguration {
        var engine = EngineConfiguration(dataDirectory: SimulatedMachine.dataDirectory)
        engine.inlineByteCountMax = 64
        engine.wholeChunkByteCountMax = 1_024
        engine.chunkSizes = ChunkSizes(byteCountMin: 128, byteCountNormal: 256, byteCountMax: 1_024)
        engine.segmentEntryCountMax = generator.pick([3, 6, 12])
        engine.blockByteCount = 1_024 << generator.below(2)
        engine.packByteCountMax = 4_096 << UInt64(generator.below(5))
        engine.readByteCountMax = 2_048
        engine.cachedReadByteCountMax = 1_024
        engine.hotReaderCountMin = 1
        engine.openPackFileCountMax = 2
        engine.holeUnitByteCount = generator.pick([64, 64, 512, 4_096])
        engine.freeByteFloor = generator.coin() ? 0 : 256
        engine.compressingFreeShareMax = generator.pick([0, 0, 0.5, 1])
        engine.commitGroupCountMax = generator.pick([2, 4, 1_024])
        engine.commitGroupByteCountMax = generator.pick([512, 8 << 20])
        engine.commitQueueCountMax = generator.pick([3, 16_384, 16_384])
        return ObjectStoreConfiguration(engine: engine)
    }
}
