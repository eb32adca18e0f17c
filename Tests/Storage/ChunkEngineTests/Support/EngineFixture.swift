// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import MetadataStore
import NIOCore
import StorageTestSupport
import StorageTypes
import Testing

extension Tag {
    @Tag static var durability: Self
}

/// An engine on a simulated machine, and a little of a store above it: names in table `objects` that refer to contents.
final class EngineFixture: Sendable {
    let machine: SimulatedMachine
    let configuration: EngineConfiguration
    let metadata: SimulatedMetadataStore
    let engine: ChunkEngine

    init(
        machine: SimulatedMachine = SimulatedMachine(seed: 1),
        configuration: EngineConfiguration = .small,
        workers: WorkerPool = .inline,
        clock: any WallClock = FixedClock()
    ) throws {
        self.machine = machine
        self.configuration = configuration
        metadata = try machine.openMetadata()
        engine = try ChunkEngine.open(
            configuration,
            fileSystem: machine.fileSystem,
            metadata: metadata,
            workers: workers,
            clock: clock
        )
    }

    /// The next start on the same machine.
    func restarted() async throws -> EngineFixture {
        await engine.shutdown()
        metadata.close()
        return try EngineFixture(machine: machine, configuration: configuration)
    }

    /// The next start after a collection that leaves no garbage.
    func collected() async throws -> EngineFixture {
        await engine.shutdown()
        _ = try await collectGarbage()
        return try await restarted()
    }

    func fsck(_ depth: FsckDepth = .contents, entryCountMax: UInt64 = 1 << 20) throws -> FsckReport {
        try EngineMaintenance.fsck(
            configuration,
            fileSystem: machine.fileSystem,
            metadata: metadata,
            depth: depth,
            entryCountMax: entryCountMax
        )
    }

    /// On the stopped engine.
    func collectGarbage(_ policy: GarbagePolicy = .all, dryRun: Bool = false) async throws -> GCReport {
        try await EngineMaintenance.collectGarbage(
            configuration,
            fileSystem: machine.fileSystem,
            metadata: metadata,
            clock: FixedClock(),
            policy: policy,
            dryRun: dryRun
        )
    }

    func statistics() throws -> EngineStatistics {
        try EngineMaintenance.statistics(metadata: metadata)
    }

    /// Everything in order, and every count of references exactly what the names amount to.
    func expectSound(_ label: String = "", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try fsck()
        #expect(report.problems.isEmpty, "\(label): \(report.problems)", sourceLocation: sourceLocation)
        let expected = try countReferences()
        var found: [UInt64: UInt64] = [:]
        for (key, value) in try pairs(.contents) {
            guard let (id, segment) = EngineKeys.content(in: key), segment == nil else { continue }
            let head = try ContentHead(decoding: value)
            if head.referenceCount > 0 { found[id] = head.referenceCount }
        }
        for (key, _) in try pairs(.inline) { found[key.reduce(0) { $0 << 8 | UInt64($1) }] = 1 }
        #expect(found == expected, "\(label)", sourceLocation: sourceLocation)
    }

    private func countReferences() throws -> [UInt64: UInt64] {
        var counts: [UInt64: UInt64] = [:]
        func note(_ content: ContentReference) {
            if content.kind != .empty { counts[content.id, default: 0] += 1 }
        }
        for (_, value) in try pairs(.objects) { note(try Self.reference(value)) }
        for (key, value) in try pairs(.contents) where EngineKeys.content(in: key)?.segment != nil {
            guard value[1] == ContentReference.Kind.assembly.rawValue else { continue }
            for part in try AssemblySegment(decoding: value).parts { note(part.content) }
        }
        return counts
    }

    func pairs(_ table: MetadataTable) throws -> [(key: [UInt8], value: [UInt8])] {
        let cursor = try metadata.cursor(table, from: [], until: nil)
        var result: [(key: [UInt8], value: [UInt8])] = []
        while try cursor.next() { result.append(cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }) }
        return result
    }

    static func reference(_ value: [UInt8]) throws -> ContentReference {
        var reader = RecordReader(value)
        return try ContentReference(from: &reader)
    }

    /// Bytes written to packs since the machine's trace was cleared.
    var writtenPackByteCount: Int {
        machine.trace.lines.reduce(0) { sum, line in
            guard line.hasPrefix("write packs/"), let count = line.split(separator: "+").last.flatMap({ Int($0) })
            else {
                return sum
            }
            return sum + count
        }
    }
}

extension EngineConfiguration {
    /// Every limit small, so that a few kilobytes pass through everything.
    static var small: EngineConfiguration {
        var configuration = EngineConfiguration(dataDirectory: SimulatedMachine.dataDirectory)
        configuration.inlineByteCountMax = 64
        configuration.wholeChunkByteCountMax = 1_024
        configuration.chunkSizes = ChunkSizes(byteCountMin: 256, byteCountNormal: 512, byteCountMax: 1_024)
        configuration.segmentEntryCountMax = 4
        configuration.blockByteCount = 2_048
        configuration.packByteCountMax = 16 << 10
        configuration.readByteCountMax = 4_096
        configuration.cachedReadByteCountMax = 1_024
        configuration.hotReaderCountMin = 1
        configuration.damageCountMax = 1
        configuration.freeByteFloor = 0
        configuration.compressingFreeShareMax = 1
        return configuration
    }

    /// The limits that a server has.
    static var real: EngineConfiguration {
        EngineConfiguration(dataDirectory: SimulatedMachine.dataDirectory)
    }
}

extension GarbagePolicy {
    /// Rewrites packs that are half garbage, and makes the smallest holes in others.
    static var half: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0.6
        policy.holeByteCountMin = 512
        policy.entryCountPerCommit = 8
        policy.moveByteCount = 2_048
        policy.freedByteCountPerStep = 4_096
        return policy
    }

    /// Recompresses whatever was not, even if that gains nothing, some of it in each collection.
    static var recompressing: GarbagePolicy {
        var policy = GarbagePolicy.half
        policy.recompressIdleSecondsMin = 0
        policy.recompressShareMin = 0
        policy.recompressByteCountMax = 6_000
        return policy
    }

    /// Leaves no garbage.
    static var all: GarbagePolicy {
        var policy = GarbagePolicy()
        policy.rewriteShareMin = 0
        return policy
    }
}
