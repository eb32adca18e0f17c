// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

/// Brings the packs and the records to the last commit. Looks at pack records, markers and open packs only, so that the
/// number of objects does not matter.
///
/// While `kept` is there, records are lost, because the log of the metadata was damaged or all of it is older than the packs: what no
/// record names is not garbage then, and nothing of it is touched.
struct Recovery {
    let layout: EngineLayout
    let packByteCountMax: UInt64
    let fileSystem: any FileSystem
    let metadata: any MetadataStore
    let clock: any WallClock
    private var keepsUnknown = false
    private var batch = MetadataBatch()
    private var findings: [RecoveryFinding] = []

    init(
        layout: EngineLayout,
        packByteCountMax: UInt64,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        clock: any WallClock
    ) {
        self.layout = layout
        self.packByteCountMax = packByteCountMax
        self.fileSystem = fileSystem
        self.metadata = metadata
        self.clock = clock
    }

    /// Blocks. Writes one batch; a crash before it leaves everything for the next start to do again.
    mutating func run() throws(StoreError) -> RecoveredState {
        keepsUnknown = try StorageCall.files { () throws(FileSystemError) in try fileSystem.exists(layout.kept) }
        try checkFormat()
        var sequence = try loadSequence()
        guard sequence.generation < 1 << 24 - 2 else {
            throw StoreError(.unavailable, "the store was started 16,777,215 times: its content numbers are used up")
        }
        let names = try StorageCall.files { () throws(FileSystemError) in
            try fileSystem.makeDirectory(layout.packs)
            // Also when it was there: the start that made it may have been cut short here.
            try fileSystem.syncDirectory(layout.dataDirectory)
            return try fileSystem.list(layout.packs)
        }
        var records = try loadRecords()
        if !keepsUnknown { try keepNewer(names, records, sequence) }
        if keepsUnknown { findings.append(.keptLogs) }
        // The number of the last start may be lost with the log, and of no other: each start makes tables of the log before it.
        sequence.generation += keepsUnknown ? 2 : 1
        removeStrays(names, records)
        let current = try openCurrent(Set(names), &records)
        // A lost record may have made an object of them.
        if !keepsUnknown { try abandonPending() }
        let highest = max(records.keys.max() ?? 0, names.compactMap(PackFormat.id(fileName:)).max() ?? 0)
        let nextID = max(sequence.nextPack, highest + 1)
        sequence.nextPack = nextID + PackStore.reservedCount
        batch.put(.system, EngineKeys.sequence, sequence.encoded)
        let batch = batch
        try StorageCall.metadata { () throws(MetadataError) in try metadata.commit(batch) }
        return RecoveredState(
            packs: RecoveredPacks(
                records: records,
                current: current,
                nextID: nextID,
                reservedEnd: sequence.nextPack
            ),
            generation: sequence.generation,
            keepsUnknown: keepsUnknown,
            findings: findings
        )
    }

    /// Refuses a store of another format; marks an empty one as ours.
    private mutating func checkFormat() throws(StoreError) {
        if let bytes = try get(EngineKeys.format) {
            do throws(DecodeError) {
                _ = try StoreFormat(decoding: bytes)
            } catch {
                guard error.reason == .unsupportedVersion else { throw StoreError(error, "format record") }
                throw StoreError(
                    .unavailable,
                    "the store has another format version; this program reads version \(StoreFormat.currentVersion)"
                )
            }
            return
        }
        let cursor = try cursor(from: [], until: nil)
        guard try !StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) else {
            throw StoreError(.corrupted, "the store has records and no format record")
        }
        if !keepsUnknown, try !packNames().isEmpty {
            throw StoreError(
                .unavailable,
                "\(layout.packs) belongs to a store whose metadata is not there: restore it, or move both away"
            )
        }
        batch.put(.system, EngineKeys.format, StoreFormat(created: clock.now().nanoseconds).encoded)
    }

    /// Of a store that may not have the folder yet.
    private func packNames() throws(StoreError) -> [String] {
        try StorageCall.files { () throws(FileSystemError) in
            guard try fileSystem.exists(layout.packs) else { return [] }
            return try fileSystem.list(layout.packs).filter { PackFormat.id(fileName: $0) != nil }
        }
    }

    private func loadSequence() throws(StoreError) -> SequenceRecord {
        guard let bytes = try get(EngineKeys.sequence) else { return SequenceRecord(generation: 0, nextPack: 1) }
        return try StorageCall.decoding("sequence record") { () throws(DecodeError) in
            try SequenceRecord(decoding: bytes)
        }
    }

    private func loadRecords() throws(StoreError) -> [UInt32: PackRecord] {
        var records: [UInt32: PackRecord] = [:]
        try forEach(EngineKeys.packPrefix) { key, value throws(StoreError) in
            guard let id = EngineKeys.number(in: key, as: UInt32.self) else {
                throw StoreError(.corrupted, diagnosis: "pack record with a key of \(key.count) bytes")
            }
            records[id] = try StorageCall.decoding("record of pack \(id)") { () throws(DecodeError) in
                try PackRecord(decoding: value)
            }
        }
        return records
    }

    /// Packs with ids that were never reserved are none of an upload that a crash cut short: the metadata has forgotten them.
    private mutating func keepNewer(
        _ names: [String],
        _ records: [UInt32: PackRecord],
        _ sequence: SequenceRecord
    ) throws(StoreError) {
        let strays = names.compactMap(PackFormat.id(fileName:)).filter { records[$0] == nil }
        guard sequence.boundsAllPacks, let newer = strays.filter({ $0 >= sequence.nextPack }).min() else { return }
        // Before this start reserves ids beyond them: no later one could tell.
        try StorageCall.files { () throws(FileSystemError) in
            try fileSystem.makeDirectory(layout.kept)
            try fileSystem.syncDirectory(layout.dataDirectory)
        }
        keepsUnknown = true
        findings.append(.olderMetadata(pack: newer))
    }

    private mutating func removeStrays(_ names: [String], _ records: [UInt32: PackRecord]) {
        for name in names {
            guard let id = PackFormat.id(fileName: name), records[id] == nil else { continue }
            if keepsUnknown {
                findings.append(.keptStrayPack(fileName: name))
                continue
            }
            do throws(FileSystemError) {
                try fileSystem.remove(layout.pack(id))
                findings.append(.removedStrayPack(fileName: name))
            } catch {
                // Its number is not used again, so it only takes room.
                findings.append(.unremovablePack(reason: error.message))
            }
        }
    }

    /// Cuts the packs that were being written and seals all of them but the newest one with room of each kind.
    private mutating func openCurrent(
        _ names: Set<String>,
        _ records: inout [UInt32: PackRecord]
    ) throws(StoreError) -> [WritablePack] {
        var current: [WritablePack] = []
        for (id, var record) in records.sorted(by: { $0.key > $1.key }) {
            guard names.contains(PackFormat.fileName(id)) else {
                findings.append(.missingPack(pack: id))
                continue
            }
            guard record.state == .open else { continue }
            guard let (file, tailByteCount) = openPack(id, record) else { continue }
            if let file, tailByteCount > 0 {
                if keepsUnknown {
                    findings.append(.keptPackTail(pack: id, byteCount: tailByteCount))
                    // Stays open: the tail is cut by the first start that may.
                    continue
                }
                try StorageCall.files { () throws(FileSystemError) in try file.truncate(to: record.committedEnd) }
                findings.append(.cutPackTail(pack: id, byteCount: tailByteCount))
            }
            if let file, !current.contains(where: { $0.kind == record.kind }), record.committedEnd < packByteCountMax {
                current.append(WritablePack(id: id, kind: record.kind, file: file, isNew: false))
                continue
            }
            record.state = .sealed
            records[id] = record
            batch.put(.system, EngineKeys.pack(id), record.encoded)
        }
        return current
    }

    /// The file, nil when it is damaged, and the bytes behind its last committed frame; nil when it can't be opened, and then the
    /// record stays as it is, for a start that can.
    private mutating func openPack(
        _ id: UInt32,
        _ record: PackRecord
    ) -> (file: (any File)?, tailByteCount: UInt64)? {
        let file: any File
        let size: UInt64
        do throws(FileSystemError) {
            file = try fileSystem.open(layout.pack(id), .readWrite)
            size = try file.size()
        } catch {
            findings.append(.unreadablePack(reason: error.message))
            return nil
        }
        if size < record.committedEnd {
            findings.append(.shortPack(pack: id, byteCount: size, committedEnd: record.committedEnd))
            return (nil, 0)
        }
        return (file, size - record.committedEnd)
    }

    private mutating func abandonPending() throws(StoreError) {
        var contents: [UInt64] = []
        try forEach(EngineKeys.pendingPrefix) { key, _ throws(StoreError) in
            guard let id = EngineKeys.number(in: key, as: UInt64.self) else {
                throw StoreError(.corrupted, diagnosis: "pending marker with a key of \(key.count) bytes")
            }
            contents.append(id)
        }
        for id in contents {
            batch.delete(.system, EngineKeys.pending(id))
            batch.put(.system, EngineKeys.reclaim(id), EngineKeys.markerValue)
            findings.append(.abandonedRecipe(content: id))
        }
    }

    private func get(_ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try StorageCall.metadata { () throws(MetadataError) in try metadata.get(.system, key) }
    }

    private func cursor(from lower: [UInt8], until upper: [UInt8]?) throws(StoreError) -> any MetadataCursor {
        try StorageCall.metadata { () throws(MetadataError) in
            try metadata.cursor(.system, from: lower, until: upper)
        }
    }

    private func forEach(
        _ prefix: UInt8,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let range = EngineKeys.range(of: prefix)
        try metadata.forEach(.system, from: range.lower, until: range.upper, body)
    }
}

extension MetadataReading {
    /// Calls `body` with each pair in `lower..<upper` (nil: to the end of the table) in key order. Blocks.
    func forEach(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let cursor = try StorageCall.metadata { () throws(MetadataError) in
            try self.cursor(table, from: lower, until: upper)
        }
        while try StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) {
            let (key, value) = cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }
            try body(key, value)
        }
    }
}
