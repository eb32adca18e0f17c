// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

extension GarbageCollector {
    /// Compresses the live frames of a pack again, better than their uploads had time for, into packs of recompressed frames.
    ///
    /// The same steps as a rewrite: at any point each chunk has one intact frame that the index names.
    mutating func recompress(_ id: UInt32) async throws(StoreError) {
        guard !hasRecompressedEnough, try await !lacksRoom(toCopy: id) else { return }
        let engine = engine
        let chunks = try await engine.liveChunks(in: id, on: .maintenance, scanPace).chunks
        guard let isWorth = try await isWorthRecompressing(id, chunks) else {
            return try await leave(id, isReadable: false)
        }
        guard isWorth else { return try await mark(id) }
        var rest = chunks[...]
        var isReadable = true
        while !rest.isEmpty {
            if Task.isCancelled || hasRecompressedEnough { return }
            let batch = takeBatch(&rest, policy.recompressCommitByteCount) { UInt64($0.plainByteCount) }
            do throws(StoreError) {
                isReadable = try await recompress(batch, outOf: id) && isReadable
            } catch {
                guard error.code == .insufficientStorage else { throw error }
                // It saves space in the end, but not now. What was moved already gives its own back.
                recompressByteCountLeft = 0
                try await makeHoles(id)
                return
            }
        }
        if engine.packs.record(id)?.liveFrameCount == 0 {
            report.recompressedPackCount += 1
            try await delete(id)
        } else if isReadable {
            // Damaged frames stay.
            try await mark(id)
            try await makeHoles(id)
        } else {
            try await leave(id, isReadable: false)
        }
    }

    private var hasRecompressedEnough: Bool {
        recompressByteCountLeft == 0 || engine.clock.now() >= recompressEnd
    }

    /// False when the device could not read some of them.
    private mutating func recompress(_ chunks: [IndexedChunk], outOf id: UInt32) async throws(StoreError) -> Bool {
        let (engine, level) = (engine, policy.recompressLevel)
        let (copy, time) = try await engine.workers.run(.maintenance) { () throws(StoreError) in
            try ThreadTime.measure { () throws(StoreError) in
                try engine.recompressFrames(chunks, outOf: id, level: level, .content)
            }
        }
        _ = try await commit(copy)
        let byteCount = chunks.reduce(0) { $0 + $1.record.frameByteCount }
        recompressByteCountLeft -= min(byteCount, recompressByteCountLeft)
        let before = copy.intact.reduce(0) { $0 + $1.chunk.record.frameByteCount }
        let after = copy.intact.reduce(0) { $0 + $1.header.frameByteCount }
        report.savedByteCount += before - min(before, after)
        await rest(after: time)
        return !copy.isPartlyUnreadable
    }

    /// Tries some chunks from all over the pack, once. Nil when the device can read none of them.
    private func isWorthRecompressing(_ id: UInt32, _ chunks: [IndexedChunk]) async throws(StoreError) -> Bool? {
        if engine.treatedPacks[id].isWorthRecompressing { return true }
        let sample = stride(from: 0, to: chunks.count, by: max(1, chunks.count / Self.sampleCount)).map { chunks[$0] }
        let (engine, policy) = (engine, policy)
        let (isWorth, time) = try await engine.workers.run(.maintenance) { () throws(StoreError) in
            try ThreadTime.measure { () throws(StoreError) in
                let share = try engine.savedShare(of: sample, in: id, level: policy.recompressLevel)
                return share.map { $0 >= policy.recompressShareMin }
            }
        }
        if isWorth == true { engine.treatedPacks.note(id) { $0.isWorthRecompressing = true } }
        await rest(after: time)
        return isWorth
    }

    /// Of the chunks that compress, be they one in twenty, some are among so many.
    private static let sampleCount = 128

    private mutating func mark(_ id: UInt32) async throws(StoreError) {
        try await commits.commit([], isUrgent: true) { transaction throws(StoreError) in
            transaction.packChanges.markRecompressed(id)
        }
        report.recompressedPackCount += 1
    }

    /// Keeps to the share of a core that the policy allows.
    func rest(after time: Duration) async {
        guard let share = policy.recompressCoreShareMax else { return }
        await pause(time * (1 / share - 1))
    }
}
