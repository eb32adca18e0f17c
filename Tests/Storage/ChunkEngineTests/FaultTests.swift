// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import MetadataStore
import StorageTestSupport
import StorageTypes
import Testing

/// Every operation of every scenario fails once, in turn.
@Suite(.tags(.durability)) struct `A failing drive` {
    @Test(arguments: Scenario.allCases, [SimulatedFault.ioFailure, .noSpace])
    func `spoils nothing that was acknowledged`(_ scenario: Scenario, _ fault: SimulatedFault) async throws {
        var operation = 1
        while true {
            let label = "\(scenario), \(fault), operation \(operation)"
            let machine = SimulatedMachine(seed: UInt64(operation))
            machine.power.fail(operation: operation, with: fault)
            let run = await ScenarioRun.perform(scenario, on: machine)
            guard run.failure != nil || machine.power.operationCount >= operation else { break }
            if let error = run.failure as? StoreError {
                let codes: [StoreError.Code] = [.ioFailure, .insufficientStorage, .unavailable]
                #expect(codes.contains(error.code), "\(label): \(error)")
            }
            for mode in PowerLossMode.allCases {
                let next = try EngineFixture(machine: machine.afterPowerLoss(mode))
                try await run.expectOneOfItsStates(next, "\(label), \(mode)")
                try next.expectSound("\(label), \(mode)")
                break
            }
            operation += 1
            if operation > machine.power.operationCount + 1 { break }
        }
        #expect(operation > 5)
    }

    @Test(arguments: [SimulatedFault.ioFailure, .noSpace])
    func `that fails a sync stops all writes and no reads`(_ fault: SimulatedFault) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<1_000)
        try await fixture.put("a", bytes)
        #expect(fixture.engine.writeRefusal == nil)
        let staged = try await fixture.stage(PatternContent(seed: 2).bytes(0..<1_000))
        fixture.machine.power.failNext(with: fault)
        let expected: StoreError.Code = fault == .noSpace ? .insufficientStorage : .ioFailure
        await #expect(throws: StoreError(expected)) {
            try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
                transaction.set("b", try transaction.adopt(staged))
            }
        }
        let later: StoreError.Code = fault == .noSpace ? .insufficientStorage : .unavailable
        #expect(fixture.engine.writeRefusal == StoreError(later))
        await #expect(throws: StoreError(later)) { try await fixture.put("c", [1]) }
        await #expect(throws: StoreError(later)) { try await fixture.put("c", bytes) }
        await #expect(throws: StoreError(later)) { try await fixture.delete("a") }
        #expect(try await fixture.get("a") == bytes)
        #expect(try fixture.names() == ["a"])
        // Only a new start helps, and then all is as before.
        let next = try EngineFixture(machine: fixture.machine.afterPowerLoss(.random))
        #expect(try await next.get("a") == bytes)
        try await next.put("b", bytes)
        try next.expectSound()
    }

    @Test func `that fails a commit stops all writes`() async throws {
        let fixture = try EngineFixture()
        fixture.machine.power.failNext(with: .ioFailure)
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.put("a", [1]) }
        await #expect(throws: StoreError(.unavailable)) { try await fixture.put("a", [1]) }
    }

    /// It may be durable all the same, and what it added looks dead meanwhile.
    @Test(arguments: [false, true])
    func `that fails a commit ends the making of holes`(_ isFailing: Bool) async throws {
        var configuration = EngineConfiguration.small
        configuration.holeUnitByteCount = 64
        let fixture = try EngineFixture(configuration: configuration)
        func leaveDeadFrames() async throws {
            let staged = try await fixture.stage(PatternContent(seed: 1).bytes(0..<1_000))
            // Behind them in the pack.
            try await fixture.put("b", PatternContent(seed: 2).bytes(0..<1_000))
            guard isFailing else { return fixture.engine.discard(staged) }
            fixture.machine.power.failNext(with: .ioFailure)
            await #expect(throws: StoreError(.ioFailure)) {
                try await fixture.engine.commit([staged]) { transaction throws(StoreError) in
                    transaction.set("a", try transaction.adopt(staged))
                }
            }
        }
        try await leaveDeadFrames()
        fixture.machine.trace.removeAll()
        _ = try? await fixture.engine.collectGarbage(.half) { _ in }
        #expect(fixture.machine.trace.lines.contains { $0.hasPrefix("deallocate") } == !isFailing)
    }

    /// Else a condition would be answered by a change that is lost a moment later.
    @Test func `that fails a commit fails those of its group that were refused, too`() async throws {
        let workers = HeldWorkers()
        let fixture = try EngineFixture(workers: workers.pool)
        workers.hold()
        async let first: Void = fixture.engine.commit { $0.put(.objects, [1], [1]) }
        for _ in 0..<1_000 { await Task.yield() }
        async let second: Void = fixture.engine.commit { transaction throws(StoreError) in
            if try transaction.get(.objects, [1]) != nil { throw StoreError(.preconditionFailed) }
        }
        for _ in 0..<1_000 { await Task.yield() }
        fixture.machine.power.failNext(with: .ioFailure)
        workers.release()
        do {
            try await first
            try await second
            Issue.record("neither can have succeeded")
        } catch let error as StoreError {
            #expect(error.code == .ioFailure)
        }
        do {
            try await second
        } catch let error as StoreError {
            #expect(error.code == .ioFailure)
        }
    }

    /// "No space" promises that nothing has changed, and the log may have taken the batch before it failed.
    @Test func `that is full in a commit leaves open whether it has happened`() async throws {
        var outcomes: Set<Set<String>> = []
        for seed in 1...16 as ClosedRange<UInt64> {
            let fixture = try EngineFixture(machine: SimulatedMachine(seed: seed))
            fixture.machine.power.failNext(with: .noSpace)
            await #expect(throws: StoreError(.unavailable)) { try await fixture.put("a", [1]) }
            #expect(fixture.engine.writeRefusal == StoreError(.insufficientStorage))
            await fixture.engine.shutdown()
            outcomes.insert(try await fixture.restarted().names())
        }
        #expect(outcomes == [[], ["a"]])
    }

    @Test(arguments: [SimulatedFault.ioFailure, .noSpace])
    func `that fails a write of content fails that upload only`(_ fault: SimulatedFault) async throws {
        let fixture = try EngineFixture()
        let bytes = PatternContent(seed: 1).bytes(0..<1_000)
        // 1: the pack is created; 2: its header; 3: the frames.
        for count in 0..<3 {
            let fresh = try EngineFixture()
            fresh.machine.power.failNext(after: count, with: fault)
            let expected: StoreError.Code = fault == .noSpace ? .insufficientStorage : .ioFailure
            await #expect(throws: StoreError(expected)) { try await fresh.put("a", bytes) }
            #expect(fresh.engine.writeRefusal == nil)
            try await fresh.put("a", bytes)
            #expect(try await fresh.get("a") == bytes)
            try fresh.expectSound()
            let next = try await fresh.restarted()
            try next.expectSound()
            #expect(try await next.get("a") == bytes)
        }
        try await fixture.put("b", bytes)
    }

    @Test func `that is nearly full takes deletes and no content`() async throws {
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = 4 << 20
        let machine = SimulatedMachine(seed: 1)
        let fixture = try EngineFixture(machine: machine, configuration: configuration)
        let bytes = PatternContent(seed: 1).bytes(0..<10_000)
        try await fixture.put("a", bytes)
        machine.disk.setCapacity(byteCount: 3 << 20)
        let next = try await fixture.restarted()
        await #expect(throws: StoreError(.insufficientStorage)) { try await next.put("b", [1]) }
        await #expect(throws: StoreError(.insufficientStorage)) {
            try await next.put("b", PatternContent(seed: 2).bytes(0..<10_000))
        }
        // What is stored already needs no room.
        try await next.put("c", bytes)
        try await next.delete("a")
        #expect(next.engine.writeRefusal == nil)
        machine.disk.setCapacity(byteCount: nil)
        try await next.put("b", [1])
        try next.expectSound()
    }

    /// The room kept back while serving is what makes this possible.
    @Test func `that is full gives space back to a collection`() async throws {
        var configuration = EngineConfiguration.small
        configuration.freeByteFloor = 4 << 20
        let machine = SimulatedMachine(seed: 1)
        let fixture = try EngineFixture(machine: machine, configuration: configuration)
        let kept = PatternContent(seed: 1).bytes(0..<2_000)
        try await fixture.put("kept", kept)
        try await fixture.put("gone", PatternContent(seed: 2).bytes(0..<6_000))
        try await fixture.delete("gone")
        machine.disk.setCapacity(byteCount: 1 << 20)
        let next = try await fixture.restarted()
        await #expect(throws: StoreError(.insufficientStorage)) { try await next.put("b", [1]) }
        await next.engine.shutdown()
        let report = try await next.collectGarbage()
        #expect(report.freedByteCount > 5_000 && report.remainingGarbageByteCount == 0)
        let last = try await next.restarted()
        #expect(try await last.get("kept") == kept)
        try last.expectSound()
    }

    @Test func `that fails a read, and the next ones, is an error of that read`() async throws {
        let fixture = try EngineFixture(machine: SimulatedMachine(seed: 1, caching: .never))
        let bytes = PatternContent(seed: 1).bytes(0..<1_000)
        try await fixture.put("a", bytes)
        fixture.machine.power.failNextRead()
        #expect(try await fixture.get("a") == bytes)
        for count in 0..<3 { fixture.machine.power.failNextRead(after: count) }
        await #expect(throws: StoreError(.ioFailure)) { try await fixture.get("a") }
        #expect(try await fixture.get("a") == bytes)
    }
}
