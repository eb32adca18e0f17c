// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
import StorageTestSupport
import StorageTypes

/// A store from one start to the next: clients work on it concurrently, drives fail, and at many calls a copy of the machine
/// loses its power.
///
/// Unchecked: confined to the thread that runs its scheduler. Whatever touches it is a job there, one at a time.
final class Life: MachineMonitor, @unchecked Sendable {
    let configuration: ObjectStoreConfiguration
    let machine: SimulatedMachine
    private let drive: SimulatedDrive
    let scheduler: SimulationScheduler
    let clock = ManualClock()
    let log: EventLog
    var generator: SeededGenerator
    var ledger: Ledger
    var faults: FaultPlan
    var report = SimulationReport()
    /// A fault has hit this life: errors are to be expected from here on.
    var isStruck = false
    /// The first broken promise.
    var failure: SimulationFailure?
    /// Uploads that clients may go on with, newest last; some are gone already.
    var openUploads: [(upload: Int, key: Int)]
    /// What clients believe their uploads hold.
    var knownParts: [Int: [Int: Int]] = [:]
    /// Of objects that clients looked up and read to the end only when everybody else is done.
    var heldReadings: [Reading] = []
    var workingClientCount = 0
    private var captured: [CrashState] = []

    init(
        _ start: CrashState,
        _ configuration: ObjectStoreConfiguration,
        _ drive: SimulatedDrive,
        _ generator: SeededGenerator,
        _ log: EventLog
    ) {
        var generator = generator
        self.configuration = configuration
        self.drive = drive
        self.log = log
        machine = start.machine
        ledger = start.ledger
        scheduler = SimulationScheduler(seed: generator.next())
        faults = FaultPlan(&generator)
        let uploads = start.ledger.history.someState.uploads
        openUploads = uploads.sorted { $0.key < $1.key }.map { ($0.key, $0.value.key) }
        knownParts = uploads.mapValues(\.parts)
        self.generator = generator
    }

    /// Lives, and hands over each crash state as soon as no job is under way.
    ///
    /// - Throws: the first broken promise.
    func run(operationCount: Int, check: (CrashState) throws -> Void) throws {
        report.lifeCount += 1
        var checkFailure: (any Error)?
        let hasEnded = scheduler.run {
            await self.live(operationCount)
            return true
        } betweenJobs: {
            let states = self.captured
            self.captured = []
            for state in states where checkFailure == nil {
                do { try check(state) } catch { checkFailure = error }
            }
            // The clients stop at the next opportunity.
            if checkFailure != nil, self.failure == nil { self.failure = SimulationFailure(.progress, "stopped") }
        }
        if let checkFailure { throw checkFailure }
        if let failure { throw failure }
        guard hasEnded == true else { throw SimulationFailure(.progress, "everybody waits and nobody can go on") }
    }

    private func live(_ operationCount: Int) async {
        if let flips = faults.flipInterval {
            machine.power.flipReads(oneIn: flips)
            note(fault: "read, bit turned over")
        }
        defer {
            machine.power.flipReads(oneIn: nil)
            machine.disk.setCapacity(byteCount: nil)
        }
        let metadata: MonitoredMetadata
        let store: ObjectStore
        do {
            metadata = MonitoredMetadata(base: try machine.openMetadata(), monitor: self)
            store = try open(metadata)
        } catch {
            if !isStruck { failure = SimulationFailure(.start, "no start: \(error)") }
            return
        }
        if let room = faults.room {
            machine.disk.setCapacity(byteCount: UInt64(usedByteCount + room))
            note(fault: "drive full")
        }
        await withTaskGroup { group in
            let clientCount = generator.pick([1, 2, 4, 6, 8])
            workingClientCount = clientCount
            for number in 1...clientCount {
                let client = Client(number, self, store)
                group.addTask { await client.work(operationCount / clientCount + 1) }
            }
            if generator.chance(2, in: 3) { group.addTask { await self.collectOnline(store) } }
            if generator.chance(2, in: 3) { group.addTask { await self.joinOnline(store) } }
            if generator.chance(1, in: 3) { group.addTask { await self.scrubOnline(store) } }
            if generator.chance(1, in: 3) { group.addTask { await self.checkOnline(store) } }
        }
        await finishHeldReadings(store)
        await collectAtLast(store, metadata)
        await store.shutdown()
        metadata.close()
        if generator.chance(1, in: 4), failure == nil { await collectOffline() }
    }

    private func open(_ metadata: MonitoredMetadata) throws -> ObjectStore {
        let scheduler = scheduler
        return try ObjectStore.open(
            configuration,
            fileSystem: MonitoredFileSystem(base: machine.disk, monitor: self, drive: drive),
            metadata: metadata,
            workers: WorkerPool { scheduler.submit($0) },
            clock: clock,
            random: SeededRandom(seed: generator.next())
        )
    }

    /// Between this life and the next.
    private func collectOffline() async {
        log.add("collect garbage, stopped")
        report.collectionCount += 1
        let disk = MonitoredFileSystem(base: machine.disk, monitor: self)
        do {
            let metadata = MonitoredMetadata(base: try machine.openMetadata(), monitor: self)
            try await Collector.collectOffline(configuration, disk, metadata)
        } catch {
            if !isStruck { failure = SimulationFailure(.availability, "collection: \(error)") }
        }
    }

    private var usedByteCount: Int {
        machine.disk.filePaths.reduce(0) { $0 + (machine.disk.contents(of: $1)?.count ?? 0) }
    }

    // MARK: The monitor

    func willPerform(_ call: MachineCall, isLocked: Bool) {
        if !isLocked {
            // A sync takes as long as many other things together: then many wait for the next commit.
            let isSlow = call == .sync || call == .commit
            scheduler.interrupt(oneIn: isSlow ? 2 : 6, countMax: isSlow ? 40 : 8)
        }
        if call.isChange {
            log.add(call)
            capture(call)
        }
        guard let fault = faults.next(call) else { return }
        note(fault: "\(call), \(fault)")
        if call == .read { machine.power.failNextRead() } else if call.isChange { machine.power.failNext(with: fault) }
    }

    func willCommit(groupOf changeCount: Int) {
        report.commitCount += 1
        if changeCount > 1 { report.sharedCommitCount += 1 }
    }

    func note(fault: String) {
        isStruck = true
        report.faults[fault, default: 0] += 1
        log.add("fault: \(fault)")
    }

    /// Lets copies of the machine lose their power just now, before the call has an effect. The call itself and what it
    /// leaves half done are in the state before the next call.
    private func capture(_ call: MachineCall) {
        guard failure == nil, generator.chance(1, in: 3) else { return }
        for _ in 0...generator.below(2) {
            report.crashes[call, default: 0] += 1
            captured.append(
                CrashState(
                    machine: machine.crashState(generator.powerLossMode(), seed: generator.next()),
                    ledger: ledger,
                    label: "power lost before \(call) \(machine.power.operationCount + 1)"
                )
            )
        }
    }
}
