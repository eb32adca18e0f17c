// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTestSupport
import Testing

/// The simulation itself: a wrong one would prove anything.
@Suite struct SimulatedDiskTests {
    static let path = "/data/a"

    /// A file whose name and first `synced` bytes are durable.
    static func machine(seed: UInt64 = 1, synced: [UInt8] = []) throws -> (SimulatedMachine, any File) {
        let machine = SimulatedMachine(seed: seed)
        let file = try machine.disk.open(path, .create)
        try file.write(synced, at: 0)
        try file.sync()
        try machine.disk.syncDirectory("/data")
        return (machine, file)
    }

    @Test func `what was synced survives, what was not is lost`() throws {
        let (machine, file) = try Self.machine(synced: [1, 2, 3])
        try file.write([9], at: 0)
        try file.write([4], at: 3)
        let next = machine.afterPowerLoss(.dropUnsynced)
        #expect(next.disk.contents(of: Self.path) == [1, 2, 3])
    }

    @Test func `a killed process loses nothing`() throws {
        let (machine, file) = try Self.machine(synced: [1, 2, 3])
        try file.write([9], at: 0)
        try file.truncate(to: 2)
        _ = try machine.disk.open("/data/b", .create)
        let next = machine.afterPowerLoss(.keepUnsynced)
        #expect(next.disk.contents(of: Self.path) == [9, 2])
        #expect(next.disk.filePaths == [Self.path, "/data/b"])
    }

    @Test func `a synced file without a synced name is lost, and so is a name without a synced file`() throws {
        let machine = SimulatedMachine(seed: 1)
        try machine.disk.open("/data/content", .create).write([1], at: 0)
        try machine.disk.open("/data/content", .readWrite).sync()
        #expect(machine.afterPowerLoss(.dropUnsynced).disk.filePaths.isEmpty)

        let other = SimulatedMachine(seed: 1)
        try other.disk.open("/data/name", .create).write([1], at: 0)
        try other.disk.syncDirectory("/data")
        let next = other.afterPowerLoss(.dropUnsynced)
        #expect(next.disk.contents(of: "/data/name")?.isEmpty == true)
    }

    @Test func `a file below a directory that was lost is lost`() throws {
        let machine = SimulatedMachine(seed: 1)
        try machine.disk.makeDirectory("/data/d")
        _ = try machine.disk.open("/data/d/f", .create)
        try machine.disk.syncDirectory("/data/d")
        let next = machine.afterPowerLoss(.dropUnsynced)
        #expect(try !next.disk.exists("/data/d"))
        #expect(next.disk.filePaths.isEmpty)
    }

    @Test func `an unsynced removal or rename may be undone, never half done`() throws {
        var outcomes: Set<[String]> = []
        for seed in 0..<64 as Range<UInt64> {
            let (machine, _) = try Self.machine(seed: seed, synced: [1])
            try machine.disk.rename(Self.path, to: "/data/b")
            outcomes.insert(machine.afterPowerLoss().disk.filePaths)
        }
        #expect(outcomes == [["/data/a"], ["/data/b"]])
        outcomes = []
        for seed in 0..<64 as Range<UInt64> {
            let (machine, _) = try Self.machine(seed: seed, synced: [1])
            try machine.disk.remove(Self.path)
            outcomes.insert(machine.afterPowerLoss().disk.filePaths)
        }
        #expect(outcomes == [[], ["/data/a"]])
    }

    @Test func `writes are torn at 512 bytes and nowhere else`() throws {
        let old = [UInt8](repeating: 1, count: 4_096)
        var wholes = 0
        var losses = 0
        var tears = 0
        for seed in 0..<200 as Range<UInt64> {
            let (machine, file) = try Self.machine(seed: seed, synced: old)
            try file.write([UInt8](repeating: 2, count: 3_000), at: 100)
            let after = try #require(machine.afterPowerLoss().disk.contents(of: Self.path))
            #expect(after.count == 4_096)
            #expect(after[..<100].allSatisfy { $0 == 1 } && after[3_100...].allSatisfy { $0 == 1 })
            for sector in 0..<7 {
                let bytes = after[max(sector * 512, 100)..<min(sector * 512 + 512, 3_100)]
                #expect(Set(bytes).count == 1, "seed \(seed) sector \(sector)")
            }
            switch Set(after[100..<3_100]) {
            case [1]: losses += 1
            case [2]: wholes += 1
            default: tears += 1
            }
        }
        #expect(wholes > 20 && losses > 20 && tears > 20, "\(wholes) whole, \(losses) lost, \(tears) torn")
    }

    @Test func `writes survive independently of their order`() throws {
        var outcomes: Set<[UInt8]> = []
        for seed in 0..<100 as Range<UInt64> {
            let (machine, file) = try Self.machine(seed: seed, synced: [0, 0])
            try file.write([1], at: 0)
            try file.write([1], at: 1)
            outcomes.insert(machine.afterPowerLoss().disk.contents(of: Self.path) ?? [])
        }
        #expect(outcomes == [[0, 0], [0, 1], [1, 0], [1, 1]])
    }

    @Test func `the same seed gives the same wreck`() throws {
        func wreck(_ seed: UInt64) throws -> [UInt8]? {
            let (machine, file) = try Self.machine(seed: seed, synced: [UInt8](repeating: 0, count: 8_192))
            for index in 0..<16 { try file.write([UInt8](repeating: 1, count: 700), at: UInt64(index) * 500) }
            return machine.afterPowerLoss().disk.contents(of: Self.path)
        }
        #expect(try wreck(5) == wreck(5))
        #expect(try wreck(5) != wreck(6))
    }

    @Test func `after a failed sync the data is gone though a later sync succeeds`() throws {
        var isStillReadable: Set<Bool> = []
        for seed in 0..<32 as Range<UInt64> {
            let (machine, file) = try Self.machine(seed: seed, synced: [1])
            try file.write([2], at: 0)
            machine.power.failNext(with: .ioFailure)
            let error = failure { () throws(FileSystemError) in try file.sync() }
            #expect(error?.code == .ioFailure)
            #expect(error?.isPowerLost == false)
            try isStillReadable.insert(file.read(1, at: 0) == [2])
            try file.write([3], at: 1)
            try file.sync()
            let after = machine.afterPowerLoss(.keepUnsynced).disk.contents(of: Self.path)
            #expect(after == [1, 3])
        }
        #expect(isStillReadable == [true, false])
    }

    @Test func `the power fails in the middle of the operation that was named, and for good`() throws {
        let machine = SimulatedMachine(seed: 1)
        machine.power.crashAfter(operation: 3)
        let file = try machine.disk.open(Self.path, .create)
        try file.write([1], at: 0)
        let error = failure { () throws(FileSystemError) in try file.sync() }
        #expect(error?.isPowerLost == true)
        #expect(machine.power.isOff)
        #expect(failure { () throws(FileSystemError) in _ = try file.size() }?.isPowerLost == true)
        #expect(failure { () throws(FileSystemError) in _ = try file.read(1, at: 0) }?.isPowerLost == true)
        #expect(failure { () throws(FileSystemError) in try file.write([1], at: 0) }?.isPowerLost == true)
        let opened = failure { () throws(FileSystemError) in _ = try machine.disk.open(Self.path, .readOnly) }
        #expect(opened?.isPowerLost == true)
        #expect(machine.power.operationCount == 3)

        let next = machine.afterPowerLoss()
        #expect(!next.power.isOff)
        #expect(next.power.operationCount == 0)
        #expect(try next.disk.list("/data").count <= 1)
    }

    @Test func `only changes and syncs count as operations`() throws {
        let (machine, file) = try Self.machine(synced: [1])
        let before = machine.power.operationCount
        _ = try file.read(1, at: 0)
        _ = try file.size()
        _ = try machine.disk.list("/data")
        _ = try machine.disk.exists(Self.path)
        _ = try machine.disk.open(Self.path, .readWrite)
        _ = try machine.disk.space("/data").free
        try machine.disk.makeDirectory("/data")
        #expect(machine.power.operationCount == before)
        try file.truncate(to: 0)
        #expect(machine.power.operationCount == before + 1)
    }

    @Test func `a write beyond the capacity keeps a prefix and says no space`() throws {
        let (machine, file) = try Self.machine(synced: [1, 2, 3, 4])
        machine.disk.setCapacity(byteCount: 6)
        #expect(try machine.disk.space("/data").free == 2)
        // Overwriting needs no room.
        try file.write([5, 6], at: 0)
        let error = failure { () throws(FileSystemError) in try file.write([7, 8, 9], at: 4) }
        #expect(error?.code == .noSpace)
        #expect(try file.read(16, at: 0) == [5, 6, 3, 4, 7, 8])
        try machine.disk.remove(Self.path)
        #expect(try machine.disk.space("/data").free == 0, "an open file keeps its room")
    }

    @Test func `room comes back when a removed file is closed`() throws {
        let machine = SimulatedMachine(seed: 1)
        machine.disk.setCapacity(byteCount: 10)
        do {
            let file = try machine.disk.open(Self.path, .create)
            try file.write([1, 2, 3], at: 0)
            try machine.disk.remove(Self.path)
            #expect(try machine.disk.space("/data").free == 7)
        }
        #expect(try machine.disk.space("/data").free == 10)
    }

    @Test func `a read can fail or arrive with one wrong bit, and the medium can be damaged`() throws {
        let (machine, file) = try Self.machine(synced: [0, 0, 0, 0])
        machine.power.failNextRead()
        #expect(failure { () throws(FileSystemError) in _ = try file.read(1, at: 0) }?.code == .ioFailure)
        #expect(try file.read(4, at: 0) == [0, 0, 0, 0])
        machine.power.flipReads(oneIn: 1)
        #expect(try file.read(4, at: 0).reduce(0) { $0 + $1.nonzeroBitCount } == 1)
        machine.power.flipReads(oneIn: nil)
        #expect(try file.read(4, at: 0) == [0, 0, 0, 0])
        machine.disk.flipBit(of: Self.path, byte: 2, bit: 3)
        #expect(try file.read(4, at: 0) == [0, 0, 8, 0])
        #expect(machine.afterPowerLoss(.dropUnsynced).disk.contents(of: Self.path) == [0, 0, 8, 0])
    }

    @Test func `a cold cache reads nothing without waiting`() throws {
        let machine = SimulatedMachine(seed: 1, caching: .never)
        let file = try machine.disk.open(Self.path, .create)
        try file.write([1], at: 0)
        #expect(try file.readIfCached(1, at: 0) == nil)
        #expect(try file.read(1, at: 0) == [1])
    }

    /// The classic: write beside, sync, rename, sync the directory. At each point in time one whole version is there.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `replacing a file with rename is atomic wherever the power fails`(seed: UInt64) throws {
        for operation in 1...5 {
            let (machine, _) = try Self.machine(seed: seed, synced: [UInt8](repeating: 1, count: 2_000))
            machine.power.crashAfter(operation: machine.power.operationCount + operation)
            let error = failure { () throws(FileSystemError) in
                let file = try machine.disk.open("/data/a.new", .create)
                try file.write([UInt8](repeating: 2, count: 3_000), at: 0)
                try file.sync()
                try machine.disk.rename("/data/a.new", to: Self.path)
                try machine.disk.syncDirectory("/data")
            }
            #expect(error?.isPowerLost == true)
            let after = try #require(machine.afterPowerLoss().disk.contents(of: Self.path))
            let isOld = after == [UInt8](repeating: 1, count: 2_000)
            #expect(isOld || after == [UInt8](repeating: 2, count: 3_000))
        }
    }

    /// The same without the sync: the simulation must catch it, or it catches nothing.
    @Test func `replacing a file without a sync is caught`() throws {
        let isTorn = try (0..<200 as Range<UInt64>).contains { seed in
            let (machine, _) = try Self.machine(seed: seed, synced: [UInt8](repeating: 1, count: 2_000))
            try machine.disk.open("/data/a.new", .create).write([UInt8](repeating: 2, count: 3_000), at: 0)
            try machine.disk.rename("/data/a.new", to: Self.path)
            try machine.disk.syncDirectory("/data")
            let after = machine.afterPowerLoss().disk.contents(of: Self.path)
            return after != [UInt8](repeating: 1, count: 2_000) && after != [UInt8](repeating: 2, count: 3_000)
        }
        #expect(isTorn)
    }
}
