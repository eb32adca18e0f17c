// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import StorageTestSupport
import StorageTypes
import Testing

/// What is refused on a drive that fills up, and in which order.
@Suite struct `A drive without room` {
    private static let floor: UInt64 = 4 << 20

    private func makeFixture(
        _ machine: SimulatedMachine,
        clock: any WallClock = FixedClock()
    ) throws -> EngineFixture {
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = Self.floor
        return try EngineFixture(machine: machine, configuration: configuration, clock: clock)
    }

    /// A record without a content.
    private func record(_ name: String, _ fixture: EngineFixture) async throws {
        try await fixture.engine.commit { transaction throws(StoreError) in transaction.set(name, .empty) }
    }

    @Test func `refuses contents first, then other records, and deletes last`() async throws {
        let machine = SimulatedMachine(seed: 1)
        let clock = ManualClock()
        let fixture = try makeFixture(machine, clock: clock)
        for name in ["a", "b"] { try await fixture.put(name, [1]) }
        func leave(_ byteCount: UInt64) {
            machine.disk.setCapacity(byteCount: byteCount)
            clock.advance(bySeconds: 1)
        }
        let refusal = StoreError(.insufficientStorage)
        leave(Self.floor * 3 / 4)
        // In this order: what one purpose was allowed is not for another.
        try await record("c", fixture)
        await #expect(throws: refusal) { try await fixture.put("d", [1]) }
        leave(Self.floor / 4)
        await #expect(throws: refusal) { try await record("e", fixture) }
        await #expect(throws: refusal) { try await fixture.copy("a", to: "e") }
        try await fixture.delete("a")
        leave(Self.floor / 16)
        await #expect(throws: refusal) { try await fixture.delete("b") }
        #expect(try fixture.names() == ["b", "c"])
        #expect(fixture.engine.writeRefusal == nil && fixture.engine.driveSpace?.isFull == true)
        leave(Self.floor * 2)
        try await fixture.delete("b")
        try await fixture.put("d", [1])
        #expect(try fixture.names() == ["c", "d"])
        #expect(fixture.engine.driveSpace?.isFull == false)
        try fixture.expectSound()
    }

    @Test func `gets the reserve when it is needed for deletes`() async throws {
        let machine = SimulatedMachine(seed: 1)
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = Self.floor
        configuration.giveUpReserve = {
            machine.disk.setCapacity(byteCount: Self.floor / 2)
            return true
        }
        let fixture = try EngineFixture(machine: machine, configuration: configuration)
        for name in ["a", "b"] { try await fixture.put(name, [1]) }
        let next = try await fixture.restarted()
        machine.disk.setCapacity(byteCount: Self.floor / 16)
        await #expect(throws: StoreError(.insufficientStorage)) { try await record("c", next) }
        #expect(next.engine.driveSpace?.freeByteCount == Self.floor / 16, "not for anything else")
        try await next.delete("a")
        #expect(next.engine.driveSpace?.freeByteCount == Self.floor / 2)
        #expect(try next.names() == ["b"])
    }

    /// The metadata of a large store take hundreds of megabytes to be rewritten.
    @Test func `refuses contents earlier when it is large`() async throws {
        let machine = SimulatedMachine(seed: 1)
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = 256
        let clock = ManualClock()
        let fixture = try EngineFixture(machine: machine, configuration: configuration, clock: clock)
        try await fixture.put("a", PatternContent(seed: 1).bytes(0..<600_000))
        machine.disk.setCapacity(byteCount: 1 << 30)
        let used = try (1 << 30) - #require(fixture.engine.driveSpace).freeByteCount
        machine.disk.setCapacity(byteCount: used + used / 80)
        #expect(fixture.engine.driveSpace == DriveSpace(freeByteCount: used / 80, isFull: true))
        clock.advance(bySeconds: 1)
        await #expect(throws: StoreError(.insufficientStorage)) { try await fixture.put("b", [1]) }
        try await record("c", fixture)
        machine.disk.setCapacity(byteCount: used + used / 40)
        #expect(fixture.engine.driveSpace?.isFull == false)
        try await fixture.put("b", [1])
        #expect(try fixture.names() == ["a", "b", "c"])
    }

    /// They take room in the log, and thousands are made between two looks at the clock.
    @Test func `is noticed by deletes alone`() async throws {
        let machine = SimulatedMachine(seed: 1)
        let fixture = try makeFixture(machine, clock: ManualClock())
        let names = (0..<300).map { String(repeating: "k", count: 900) + "\($0)" }
        for name in names { try await fixture.put(name, [1]) }
        machine.disk.setCapacity(byteCount: Self.floor / 8 + (128 << 10))
        try await fixture.delete(names[0])
        machine.disk.setCapacity(byteCount: Self.floor / 16)
        await #expect(throws: StoreError(.insufficientStorage)) {
            for name in names.dropFirst() { try await fixture.delete(name) }
        }
    }

    /// Others use the drive, too.
    @Test func `is noticed within a second`() async throws {
        let machine = SimulatedMachine(seed: 1)
        let clock = ManualClock()
        let fixture = try makeFixture(machine, clock: clock)
        try await fixture.put("a", [1])
        machine.disk.setCapacity(byteCount: 1 << 20)
        clock.advance(byNanoseconds: 999_999_999)
        try await fixture.put("b", [1])
        clock.advance(byNanoseconds: 1)
        await #expect(throws: StoreError(.insufficientStorage)) { try await fixture.put("c", [1]) }
        // A clock that is set back does not keep what was seen true for longer.
        machine.disk.setCapacity(byteCount: nil)
        try await fixture.put("c", [1])
        machine.disk.setCapacity(byteCount: 1 << 20)
        clock.advance(bySeconds: -3_600)
        await #expect(throws: StoreError(.insufficientStorage)) { try await fixture.put("d", [1]) }
    }

    @Test func `gets holes from a collection and no copies`() async throws {
        let machine = SimulatedMachine(seed: 1)
        let fixture = try makeFixture(machine)
        let kept = PatternContent(seed: 1).bytes(0..<2_000)
        try await fixture.put("kept", kept)
        try await fixture.put("gone", PatternContent(seed: 2).bytes(0..<9_000))
        try await fixture.delete("gone")
        machine.disk.setCapacity(byteCount: Self.floor + 1_000)
        var report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.holeByteCount >= 4_096 && report.movedByteCount == 0 && report.deletedPackCount == 0)
        report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report == GCReport(), "nothing is done twice")
        machine.disk.setCapacity(byteCount: nil)
        report = try await fixture.engine.collectGarbage(.all) { _ in }
        #expect(report.movedByteCount > 2_000 && report.deletedPackCount == 1)
        #expect(try await fixture.get("kept") == kept)
        try fixture.expectSound()
    }
}
