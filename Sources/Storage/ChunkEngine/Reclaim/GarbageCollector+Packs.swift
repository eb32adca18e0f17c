// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

extension MaintenanceSession {
    /// Live frames moved by one batch.
    private static let moveByteCountMax: UInt64 = 4 << 20
    /// Chunk records held in memory at once, 80 bytes each.
    private static let chunkCountMax: UInt64 = 1 << 20

    /// Deletes packs without live frames and moves the live frames out of packs with much garbage.
    mutating func compact(garbageShareMin: Double) throws(StoreError) {
        let records = try currentRecords()
        var worth: [(id: UInt32, record: PackRecord)] = []
        for (id, record) in records.sorted(by: { $0.key < $1.key }) {
            if record.liveFrameCount == 0 {
                try deleteEmpty(id, record)
            } else if Double(record.garbageByteCount) > Double(record.committedEnd) * garbageShareMin {
                worth.append((id, record))
            } else {
                report.remainingGarbageByteCount += record.garbageByteCount
            }
        }
        // None of them may take the frames of another one.
        for pack in worth { engine.packs.closeCurrent(ifIs: pack.id) }
        while !worth.isEmpty {
            // As many packs as their chunks fit in memory: each round reads the whole chunk index once.
            var chunkCount: UInt64 = 0
            let round = worth.prefix { pack in
                chunkCount += pack.record.liveFrameCount
                return chunkCount <= Self.chunkCountMax || chunkCount == pack.record.liveFrameCount
            }
            try rewrite([(id: UInt32, record: PackRecord)](round))
            worth.removeFirst(round.count)
        }
    }

    /// As they are now, or would be after a dry run's reclamation.
    private func currentRecords() throws(StoreError) -> [UInt32: PackRecord] {
        var records = engine.packs.records
        guard isDryRun else { return records }
        for (id, record) in try pretendedChanges.apply(to: { records[$0] }) { records[id] = record }
        return records
    }

    private mutating func deleteEmpty(_ id: UInt32, _ record: PackRecord) throws(StoreError) {
        report.deletedPackCount += 1
        report.deletedByteCount += record.committedEnd
        guard !isDryRun else { return }
        engine.packs.closeCurrent(ifIs: id)
        try commit { transaction in transaction.packChanges.drop(id) }
        try removeFile(id)
    }

    /// The record is gone already: should the power go here, the next start removes the file.
    private func removeFile(_ id: UInt32) throws(StoreError) {
        engine.packFiles.forget(id)
        do throws(FileSystemError) {
            try engine.fileSystem.remove(engine.packs.layout.pack(id))
        } catch {
            guard error.code == .notFound else { throw StoreError(error) }
        }
    }

    private mutating func rewrite(_ packs: [(id: UInt32, record: PackRecord)]) throws(StoreError) {
        for pack in packs {
            report.compactedPackCount += 1
            report.deletedPackCount += 1
            report.deletedByteCount += pack.record.committedEnd
            if isDryRun { report.movedByteCount += pack.record.liveByteCount }
        }
        guard !isDryRun else { return }
        var chunks = try ChunksByPack(engine.metadata, packs: Set(packs.map(\.id)))
        for pack in packs {
            try rewrite(pack.id, chunks.take(pack.id))
        }
    }

    /// Moves `chunks`, in the order of their offsets, out of a pack and deletes it, unless some are damaged.
    private mutating func rewrite(_ id: UInt32, _ chunks: [ChunksByPack.Chunk]) throws(StoreError) {
        guard let file = try engine.packFiles.file(id) else {
            throw StoreError(.corrupted, diagnosis: "\(PackFormat.fileName(id)) is missing")
        }
        var damagedCount: UInt64 = 0
        var rest = chunks[...]
        while !rest.isEmpty {
            var byteCount: UInt64 = 0
            let batch = rest.prefix { chunk in
                byteCount += chunk.record.frameByteCount
                return byteCount <= Self.moveByteCountMax || byteCount == chunk.record.frameByteCount
            }
            rest = rest.dropFirst(batch.count)
            damagedCount += try move(batch, from: file, isLast: rest.isEmpty && damagedCount == 0)
        }
        report.damagedFrameCount += damagedCount
        if damagedCount == 0 {
            try removeFile(id)
        } else {
            let record = engine.packs.record(id)
            report.deletedPackCount -= 1
            report.deletedByteCount -= record?.committedEnd ?? 0
            report.remainingGarbageByteCount += record?.garbageByteCount ?? 0
        }
    }

    /// Copies frames to the current pack, syncs it, and points the index there; returns how many were damaged.
    ///
    /// - Parameter isLast: the old pack goes with this batch if nothing in it is damaged.
    private mutating func move(
        _ chunks: ArraySlice<ChunksByPack.Chunk>,
        from file: any File,
        isLast: Bool
    ) throws(StoreError) -> UInt64 {
        guard let old = chunks.first?.record.pack else { return 0 }
        let run = engine.runs.take()
        defer { engine.runs.giveBack(run) }
        var intact: [ChunksByPack.Chunk] = []
        var damaged: [ChunksByPack.Chunk] = []
        for chunk in chunks {
            if try FrameCheck.load(chunk, from: file, into: run) != nil {
                intact.append(chunk)
            } else {
                damaged.append(chunk)
            }
        }
        let target: (pack: WritablePack, offset: UInt64)? = run.isEmpty ? nil : try engine.packs.append(run)
        let (moved, lost, drops) = (intact, damaged, isLast && damaged.isEmpty)
        try commit { transaction throws(StoreError) in
            if let target {
                try transaction.relocate(moved, to: target.pack, at: target.offset)
            }
            for chunk in lost { try transaction.quarantine(chunk) }
            if drops { transaction.packChanges.drop(old) }
        }
        report.movedByteCount += moved.reduce(0) { $0 + $1.record.frameByteCount }
        return UInt64(lost.count)
    }
}

extension CommitTransaction {
    /// Points the index at frames that were copied to `pack`, one behind the other from `offset` on.
    mutating func relocate(
        _ chunks: [ChunksByPack.Chunk],
        to pack: WritablePack,
        at offset: UInt64
    ) throws(StoreError) {
        var offset = offset
        for chunk in chunks {
            let key = EngineKeys.chunk(chunk.digest)
            guard let bytes = try get(.chunks, key), bytes == chunk.record.encoded else {
                throw StoreError(
                    .corrupted,
                    diagnosis: "chunk \(chunk.digest.hex) changed while its pack was rewritten"
                )
            }
            var record = chunk.record
            packChanges.remove(record)
            record.pack = pack.id
            record.offset = offset
            packChanges.add(record)
            put(.chunks, key, record.encoded)
            offset += record.frameByteCount
        }
        packsToSync.append(pack)
    }

    mutating func quarantine(_ chunk: ChunksByPack.Chunk) throws(StoreError) {
        let key = EngineKeys.quarantine(pack: chunk.record.pack, offset: chunk.record.offset)
        guard try get(.system, key) == nil else { return }
        let record = QuarantineRecord(digest: chunk.digest, seen: now, reason: "the frame does not verify")
        put(.system, key, record.encoded)
    }
}
