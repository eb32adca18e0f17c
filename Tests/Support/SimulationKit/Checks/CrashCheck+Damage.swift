// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import MetadataStore
import ObjectStore
import StorageTestSupport

extension CrashCheck {
    /// Turns over a bit of a copy of the drive: whoever reads it gets the right bytes or an error, and fsck knows of it.
    mutating func damage(_ state: CrashState) async throws {
        let machine = state.machine.crashState(.keepUnsynced, seed: generator.next())
        guard let place = rot(machine) else { return }
        report.rotCount += 1
        let label = "\(state.label), \(place)"
        let running: SimulatedStore
        do {
            running = try SimulatedStore(machine, configuration)
        } catch {
            throw SimulationFailure(.start, "\(label): \(error)")
        }
        var observation = Observation(running.store, state.ledger, toleratesDamage: true)
        do {
            try await observation.run()
        } catch let failure as SimulationFailure {
            throw SimulationFailure(failure.invariant, "\(label): \(failure.message)")
        }
        guard state.ledger.history.restarted(as: observation.state) != nil else {
            throw SimulationFailure(.history, "\(label): the listing has changed")
        }
        var policy = ScrubPolicy()
        // Not where the pass of a life before was interrupted.
        policy.startsOver = true
        let scrub = try await running.store.scrub(policy) { _ in
        } found: { _ in
        }
        guard observation.damagedCount == 0 || scrub.findingCount > 0 else {
            throw SimulationFailure(.detection, "\(label): the scrub finds nothing")
        }
        await running.close()
        let fsck = try ObjectStoreMaintenance.fsck(configuration, fileSystem: machine.disk, metadata: running.metadata)
        guard observation.damagedCount == 0 || !fsck.isClean else {
            throw SimulationFailure(.detection, "\(label): \(observation.damagedCount) objects can't be read")
        }
    }

    /// Says where, or nil when there is nothing to damage.
    private mutating func rot(_ machine: SimulatedMachine) -> String? {
        let bit = generator.below(8)
        let inlineCount = machine.metadata.recordCount(.inline)
        if inlineCount > 0, generator.chance(1, in: 4) {
            let record = generator.below(inlineCount)
            machine.metadata.flipBit(ofRecord: record, in: .inline, byte: generator.below(1 << 20), bit: bit)
            return "bit \(bit) of inline record \(record)"
        }
        let paths = machine.disk.filePaths.filter { $0.hasSuffix(".pack") }
        guard !paths.isEmpty else { return nil }
        let path = generator.pick(paths)
        guard let byteCount = machine.disk.contents(of: path)?.count, byteCount > 0 else { return nil }
        let byte = generator.below(byteCount)
        machine.disk.flipBit(of: path, byte: byte, bit: bit)
        return "bit \(bit) of byte \(byte) of \(path)"
    }
}
