// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import StorageTestSupport
import StorageTypes
import Testing

/// A short history that passes through one kind of work.
enum Scenario: CaseIterable {
    case puts, segments, deduplication, assembly, joining, collection, compaction, online, recompression

    enum Step {
        case put(String, size: Int, seed: UInt64, isCompressible: Bool = false)
        case copy(String, String)
        case delete(String)
        case assemble([String], String)
        /// A long upload that ends without being committed.
        case abandon(size: Int, seed: UInt64)
        case restart
        /// On the stopped engine.
        case collectGarbage
        /// Beside its work.
        case collectOnline
        /// Beside its work, with a recompression.
        case recompress
        /// Beside its work.
        case joinParts
    }

    var steps: [Step] {
        switch self {
        case .puts:
            [
                .put("empty", size: 0, seed: 1), .put("small", size: 40, seed: 2), .put("one", size: 900, seed: 3),
                .put("text", size: 1_000, seed: 4, isCompressible: true), .put("many", size: 3_000, seed: 5),
                .put("small", size: 50, seed: 6), .put("one", size: 30, seed: 7), .put("many", size: 800, seed: 8),
                .delete("text"), .delete("small"),
            ]
        case .segments:
            [
                .put("long", size: 9_000, seed: 1), .abandon(size: 7_000, seed: 2), .put("long", size: 12_000, seed: 3),
                .restart, .abandon(size: 6_000, seed: 4), .put("other", size: 8_000, seed: 5), .delete("long"),
            ]
        case .deduplication:
            [
                .put("a", size: 5_000, seed: 1), .put("b", size: 5_000, seed: 1), .copy("a", "c"), .delete("a"),
                .put("b", size: 100, seed: 2), .put("d", size: 5_000, seed: 1), .delete("c"), .delete("d"),
                .put("e", size: 5_000, seed: 1),
            ]
        case .assembly:
            [
                .put("p1", size: 2_500, seed: 1), .put("p2", size: 30, seed: 2), .put("p3", size: 900, seed: 3),
                .assemble(["p1", "p2", "p3"], "whole"), .copy("whole", "again"), .delete("whole"),
                .put("p1", size: 700, seed: 4), .assemble(["p1"], "again"), .collectGarbage,
            ]
        case .joining:
            // Recipes of several segments; parts that are shared, inline, empty, or long ago somebody else's; an object that goes before.
            [
                .put("p1", size: 5_000, seed: 1), .put("p2", size: 30, seed: 2), .copy("p1", "p3"),
                .put("p4", size: 0, seed: 3), .put("p5", size: 2_500, seed: 4), .copy("p5", "q1"), .copy("p1", "q2"),
                .assemble(["p1", "p2", "p3", "p4", "p5"], "whole"), .assemble(["q1", "q2"], "other"), .joinParts,
                .copy("whole", "again"), .delete("other"), .collectOnline, .delete("whole"),
                .put("p1", size: 700, seed: 5), .put("p2", size: 800, seed: 6), .assemble(["p1", "p2"], "again"),
                .put("again", size: 10, seed: 7), .joinParts, .put("p1", size: 40, seed: 8),
                .put("p2", size: 60, seed: 9), .assemble(["p1", "p2"], "small"), .restart, .joinParts, .collectOnline,
            ]
        case .collection:
            [
                .put("a", size: 9_000, seed: 1), .put("b", size: 3_000, seed: 2), .copy("b", "c"), .delete("a"),
                .collectGarbage, .delete("b"), .collectGarbage, .put("a", size: 4_000, seed: 1), .delete("c"),
                .collectGarbage,
            ]
        case .compaction:
            // Packs of 16 KiB: the deletes leave holes in two of them.
            [
                .put("a", size: 7_000, seed: 1), .put("b", size: 7_000, seed: 2), .put("c", size: 7_000, seed: 3),
                .put("d", size: 900, seed: 4), .put("e", size: 1_000, seed: 5, isCompressible: true), .delete("a"),
                .delete("c"), .collectGarbage, .put("f", size: 2_000, seed: 6), .delete("b"), .collectGarbage,
            ]
        case .online:
            // Rewritten packs, a hole of two pages between "a" and "c", and a pack that goes as a whole.
            [
                .put("a", size: 4_000, seed: 1), .put("b", size: 9_000, seed: 2), .put("c", size: 2_000, seed: 3),
                .put("d", size: 9_000, seed: 4), .put("e", size: 1_000, seed: 5), .put("f", size: 15_000, seed: 6),
                .delete("d"), .collectOnline, .delete("f"), .copy("e", "g"), .collectOnline, .delete("b"),
                .put("h", size: 9_000, seed: 4), .collectOnline, .delete("a"), .delete("c"), .collectOnline,
            ]
        case .recompression:
            // Several collections for a pack, garbage among its frames, and frames that go meanwhile.
            [
                .put("a", size: 4_000, seed: 1, isCompressible: true), .put("b", size: 9_000, seed: 2),
                .put("c", size: 9_000, seed: 3, isCompressible: true), .delete("b"), .recompress, .copy("a", "d"),
                .put("e", size: 5_000, seed: 4), .recompress, .delete("c"), .recompress, .restart,
                .put("f", size: 3_000, seed: 1, isCompressible: true), .recompress, .recompress, .delete("e"),
                .collectOnline,
            ]
        }
    }
}

/// What a scenario stored, as far as it got.
struct ScenarioRun: Sendable {
    typealias Model = [String: [UInt8]]

    /// After the last step that was acknowledged.
    private(set) var model: Model = [:]
    /// After the step that was not, if there was one.
    private(set) var underWay: Model?
    private(set) var failure: (any Error)?

    /// Goes on until a step throws.
    static func perform(_ scenario: Scenario, on machine: SimulatedMachine) async -> ScenarioRun {
        var run = ScenarioRun()
        do {
            var fixture = try EngineFixture(machine: machine)
            for step in scenario.steps {
                var after = run.model
                Self.apply(step, to: &after)
                run.underWay = after
                try await Self.perform(step, &fixture)
                run.model = after
                run.underWay = nil
            }
        } catch {
            run.failure = error
        }
        return run
    }

    private static func apply(_ step: Scenario.Step, to model: inout Model) {
        switch step {
        case .put(let name, let size, let seed, let isCompressible):
            model[name] = PatternContent(seed: seed, isCompressible: isCompressible).bytes(0..<UInt64(size))
        case .copy(let source, let target): model[target] = model[source]
        case .delete(let name): model[name] = nil
        case .assemble(let names, let target):
            let whole = names.reduce(into: []) { $0 += model[$1] ?? [] }
            for name in names { model[name] = nil }
            model[target] = whole
        case .abandon, .restart, .collectGarbage, .collectOnline, .recompress, .joinParts: break
        }
    }

    private static func perform(_ step: Scenario.Step, _ fixture: inout EngineFixture) async throws {
        switch step {
        case .put(let name, let size, let seed, let isCompressible):
            let bytes = PatternContent(seed: seed, isCompressible: isCompressible).bytes(0..<UInt64(size))
            try await fixture.put(name, bytes, announcesSize: !seed.isMultiple(of: 2))
        case .copy(let source, let target): try await fixture.copy(source, to: target)
        case .delete(let name): try await fixture.delete(name)
        case .assemble(let names, let target): try await fixture.assemble(names, to: target)
        case .abandon(let size, let seed):
            let writer = fixture.engine.makeWriter(digests: DigestRequest(), expectedSize: nil)
            do {
                try await writer.write(PatternContent(seed: seed).buffer(0..<UInt64(size)))
            } catch {
                await writer.abandon()
                throw error
            }
            await writer.abandon()
        case .restart:
            fixture = try await fixture.restarted()
        case .collectOnline:
            _ = try await fixture.engine.collectGarbage(.half) { _ in }
        case .joinParts:
            _ = try await fixture.engine.joinParts(coreShareMax: nil) { _ in }
        case .recompress:
            _ = try await fixture.engine.collectGarbage(.recompressing) { _ in }
        case .collectGarbage:
            await fixture.engine.shutdown()
            let report = try await fixture.collectGarbage()
            #expect(report.remainingGarbageByteCount == 0 && report.damagedFrameCount == 0)
            fixture = try await fixture.restarted()
        }
    }

    /// The store holds what was acknowledged, or that and the step under way, and nothing in between.
    func expectOneOfItsStates(
        _ fixture: EngineFixture,
        _ label: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var found: Model = [:]
        for name in try fixture.names() where name != "extra" { found[name] = try await fixture.get(name) }
        let isKnown = found == model || found == underWay
        #expect(isKnown, "\(label): neither the old state nor the new one", sourceLocation: sourceLocation)
    }
}
