// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
import StorageTestSupport

/// Starts a store on what a loss of power has left, and checks what must hold; sometimes the power goes again meanwhile.
struct CrashCheck: Sendable {
    let configuration: ObjectStoreConfiguration
    var generator: SeededGenerator
    var report = SimulationReport()

    init(_ configuration: ObjectStoreConfiguration, _ generator: SeededGenerator) {
        self.configuration = configuration
        self.generator = generator
    }

    /// - Returns: the machine, with the store stopped, and what the clients know then.
    mutating func settle(_ crash: CrashState) throws -> CrashState {
        let before = self
        let outcome = SimulationScheduler(seed: 0).run {
            var check = before
            let result: Result<CrashState, any Error>
            do { result = .success(try await check.run(crash)) } catch { result = .failure(error) }
            return (check, result)
        }
        guard let (check, result) = outcome else {
            throw SimulationFailure(.progress, "\(crash.label): the check stands still")
        }
        self = check
        return try result.get()
    }

    private mutating func run(_ crash: CrashState) async throws -> CrashState {
        report.crashStateCount += 1
        var machine = crash.machine
        while generator.chance(1, in: 5), let next = try await crashRecovery(machine, crash.label) { machine = next }
        var settled = try await inspect(machine, crash.ledger, crash.label)
        // A full drive does not keep a store from starting; a collection needs a little room.
        settled.machine.disk.setCapacity(byteCount: nil)
        if generator.chance(1, in: 8) { settled = try await collect(settled) }
        if generator.chance(1, in: 24) { try await damage(settled) }
        return settled
    }

    /// What a second loss of power leaves; nil when the store was up before.
    private mutating func crashRecovery(
        _ machine: SimulatedMachine,
        _ label: String
    ) async throws -> SimulatedMachine? {
        machine.power.crashAfter(operation: 1 + generator.below(6))
        do {
            await (try SimulatedStore(machine, configuration)).close()
        } catch {
            guard machine.power.isOff else { throw SimulationFailure(.start, "\(label): no start: \(error)") }
        }
        machine.power.crashAfter(operation: .max)
        guard machine.power.isOff else { return nil }
        report.crashStateCount += 1
        report.recoveryCrashCount += 1
        return machine.crashState(generator.powerLossMode(), seed: generator.next())
    }

    /// Everything that clients can see, and everything that the checker can.
    private func inspect(_ machine: SimulatedMachine, _ ledger: Ledger, _ label: String) async throws -> CrashState {
        let running: SimulatedStore
        do {
            running = try SimulatedStore(machine, configuration)
        } catch {
            throw SimulationFailure(.start, "\(label): no start: \(error)")
        }
        var observation = Observation(running.store, ledger)
        do {
            try await observation.run()
        } catch let failure as SimulationFailure {
            throw SimulationFailure(failure.invariant, "\(label): \(failure.message)")
        }
        guard let history = observation.ledger.history.restarted(as: observation.state) else {
            let expected = observation.ledger.history.someState
            throw SimulationFailure(
                .history,
                "\(label): found \(observation.state), which does not follow from \(expected) and "
                    + "\(observation.ledger.history.openChanges.sorted { $0.key < $1.key }.map(\.value))"
            )
        }
        var settled = observation.ledger
        settled.history = history
        await running.close()
        let fsck = try ObjectStoreMaintenance.fsck(configuration, fileSystem: machine.disk, metadata: running.metadata)
        guard fsck.isClean else {
            throw SimulationFailure(.soundness, "\(label): \(fsck.engine.problems) \(fsck.objects.problems)")
        }
        return CrashState(machine: machine, ledger: settled, label: label)
    }

    /// A collection that leaves nothing behind, or is itself cut short.
    private mutating func collect(_ state: CrashState) async throws -> CrashState {
        let machine = state.machine
        report.collectionCount += 1
        if generator.chance(2, in: 3) {
            machine.power.crashAfter(operation: machine.power.operationCount + 1 + generator.below(30))
        }
        do {
            try await Collector.collectOffline(configuration, machine.disk, try machine.openMetadata())
        } catch {
            guard machine.power.isOff else {
                throw SimulationFailure(.availability, "\(state.label), collection: \(error)")
            }
        }
        machine.power.crashAfter(operation: .max)
        let label = state.label + ", collected"
        guard machine.power.isOff else {
            let statistics = try EngineMaintenance.statistics(metadata: try machine.openMetadata())
            guard statistics.garbageByteCount == 0, statistics.reclaimableContentCount == 0 else {
                throw SimulationFailure(.reclamation, "\(label): \(statistics)")
            }
            return try await inspect(machine, state.ledger, label)
        }
        report.crashStateCount += 1
        let next = machine.crashState(generator.powerLossMode(), seed: generator.next())
        return try await inspect(next, state.ledger, label + ", without power")
    }
}

extension SeededGenerator {
    /// Mostly the mode of many outcomes.
    mutating func powerLossMode() -> PowerLossMode {
        switch below(8) {
        case 0: .dropUnsynced
        case 1: .keepUnsynced
        default: .random
        }
    }
}
