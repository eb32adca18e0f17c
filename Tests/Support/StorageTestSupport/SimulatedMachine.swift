// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
package import MetadataStore

/// A disk and a metadata store with one power, one plan of faults, one count of operations and one trace.
///
/// ```
/// let machine = SimulatedMachine(seed: 1)
/// machine.power.crashAfter(operation: 7)
/// … use machine.fileSystem below "/data" and machine.openMetadata() until something throws …
/// let next = machine.afterPowerLoss()
/// … start on `next` and check what must hold …
/// ```
package final class SimulatedMachine: Sendable {
    package static let dataDirectory = "/data"

    package let power: SimulatedPower
    package let disk: SimulatedDisk
    package let metadata: SimulatedMetadata
    /// Shows paths from `dataDirectory` on.
    package let trace: OperationTrace
    /// The disk, traced: what the code under test gets.
    package let fileSystem: any FileSystem
    private let seed: UInt64
    private let isTraced: Bool

    /// - Parameter isTraced: says no to a trace of the metadata, which costs a simulation of many operations too much.
    package convenience init(seed: UInt64, caching: SimulatedCaching = .always, isTraced: Bool = true) {
        let power = SimulatedPower(seed: seed)
        let trace = OperationTrace()
        self.init(
            seed: seed,
            power: power,
            disk: SimulatedDisk(power: power, directories: [Self.dataDirectory], caching: caching),
            metadata: SimulatedMetadata(power: power, trace: isTraced ? trace : nil, caching: caching),
            trace: trace,
            isTraced: isTraced
        )
    }

    private init(
        seed: UInt64,
        power: SimulatedPower,
        disk: SimulatedDisk,
        metadata: SimulatedMetadata,
        trace: OperationTrace,
        isTraced: Bool
    ) {
        self.seed = seed
        self.isTraced = isTraced
        self.power = power
        self.disk = disk
        self.metadata = metadata
        self.trace = trace
        fileSystem = LoggingFileSystem(disk, trace: trace, root: Self.dataDirectory)
    }

    package func openMetadata() throws(MetadataError) -> SimulatedMetadataStore {
        try metadata.open()
    }

    /// Cuts the power, if it is not off yet, and gives the machine that starts again: counts from zero, without faults.
    package func afterPowerLoss(_ mode: PowerLossMode = .random) -> SimulatedMachine {
        let seed = SplitMix64.mix(seed &+ SplitMix64.gamma)
        let power = SimulatedPower(seed: seed)
        let trace = OperationTrace()
        return SimulatedMachine(
            seed: seed,
            power: power,
            disk: disk.afterPowerLoss(mode, power: power),
            metadata: metadata.afterPowerLoss(mode, power: power, trace: isTraced ? trace : nil),
            trace: trace,
            isTraced: isTraced
        )
    }

    /// The machine that would start again if the power went now, while this one goes on. Costs little: the two share what
    /// neither changes.
    ///
    /// - Parameter seed: decides what of the unsynced is lost; asking twice gives two of the possible outcomes.
    package func crashState(_ mode: PowerLossMode = .random, seed: UInt64) -> SimulatedMachine {
        let power = SimulatedPower(seed: seed)
        let trace = OperationTrace()
        let generator = power.fork()
        return SimulatedMachine(
            seed: seed,
            power: power,
            disk: disk.survivor(mode, power: power, generator),
            metadata: metadata.survivor(mode, power: power, trace: isTraced ? trace : nil, generator),
            trace: trace,
            isTraced: isTraced
        )
    }
}
