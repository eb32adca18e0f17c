// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTestSupport
import Testing

@Suite struct LoggingFileSystemTests {
    @Test func `each change leaves one line, in order`() throws {
        let machine = SimulatedMachine(seed: 1)
        let fileSystem = machine.fileSystem
        try fileSystem.makeDirectory("/data/packs")
        let file = try fileSystem.open("/data/packs/00000001.pack.new", .create)
        try file.write([UInt8](repeating: 1, count: 4_096), at: 0)
        try file.sync()
        try fileSystem.rename("/data/packs/00000001.pack.new", to: "/data/packs/00000001.pack")
        try fileSystem.syncDirectory("/data/packs")
        try fileSystem.syncDirectory("/data")
        let again = try fileSystem.open("/data/packs/00000001.pack", .createIfMissing)
        try again.truncate(to: 512)
        _ = try again.read(4, at: 0)
        try fileSystem.remove("/data/packs/00000001.pack")
        #expect(
            machine.trace.text == """
                mkdir packs
                create packs/00000001.pack.new
                write packs/00000001.pack.new 0+4096
                sync packs/00000001.pack.new
                rename packs/00000001.pack.new packs/00000001.pack
                syncdir packs
                syncdir .
                truncate packs/00000001.pack 512
                remove packs/00000001.pack

                """
        )
    }

    @Test func `a failure is told by its code`() throws {
        let machine = SimulatedMachine(seed: 1)
        let file = try machine.fileSystem.open("/data/a", .create)
        machine.power.failNext(with: .ioFailure)
        #expect(failure { () throws(FileSystemError) in try file.sync() }?.code == .ioFailure)
        machine.power.failNext(with: .noSpace)
        #expect(failure { () throws(FileSystemError) in try file.write([1], at: 0) }?.code == .noSpace)
        #expect(machine.trace.lines == ["create a", "sync a failed: ioFailure", "write a 0+1 failed: noSpace"])
        machine.trace.removeAll()
        #expect(machine.trace.lines.isEmpty)
    }
}
