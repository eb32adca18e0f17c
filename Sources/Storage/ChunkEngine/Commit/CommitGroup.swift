// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes
import Synchronization

/// Commits a group: evaluate every request, sync the packs, write one batch, resume everybody.
final class CommitGroup: Sendable {
    private let engine: EngineParts
    /// When the last change happened.
    private let lastChange = Mutex(Timestamp(nanoseconds: .min))

    init(_ engine: EngineParts) {
        self.engine = engine
    }

    /// What the requests of a group amount to.
    private struct Outcome {
        var packChanges = PackChanges()
        var packsToSync: [WritablePack] = []
        var actions: [@Sendable () -> Void] = []
    }

    /// Commits as many of `works` as fit one batch and returns how many those were. Blocks for the syncs.
    func commit(_ works: ArraySlice<CommitWork>) -> Int {
        if let refusal = engine.health.refusal {
            for work in works { work.finish(refusal) }
            return works.count
        }
        let overlay = CommitOverlay(engine.metadata)
        var outcome = Outcome()
        var count = 0
        for work in works {
            evaluate(work, overlay, &outcome)
            count += 1
            if overlay.byteCount >= engine.configuration.commitGroupByteCountMax { break }
        }
        let group = works.prefix(count)
        var failure: StoreError?
        do throws(StoreError) {
            try store(overlay, outcome)
        } catch {
            failure = error
            engine.health.fail(error)
        }
        for work in group {
            for content in work.contents { content.releaseHolds() }
        }
        if failure == nil {
            for action in outcome.actions { action() }
        }
        for work in group { work.finish(failure) }
        return count
    }

    private func evaluate(_ work: CommitWork, _ overlay: CommitOverlay, _ outcome: inout Outcome) {
        overlay.save()
        var transaction = CommitTransaction(now: nextTimestamp(), engine: engine, overlay: overlay)
        let succeeded = work.evaluate(&transaction)
        var adopted: [ObjectIdentifier] = []
        if succeeded {
            outcome.packChanges.merge(transaction.packChanges)
            for pack in transaction.packsToSync where !outcome.packsToSync.contains(where: { $0 === pack }) {
                outcome.packsToSync.append(pack)
            }
            outcome.actions.append(contentsOf: transaction.actions)
            adopted = transaction.adopted
        } else {
            overlay.rollback()
        }
        for content in work.contents {
            guard case .recipe(let recipe) = content.body, let id = recipe.id else { continue }
            if adopted.contains(ObjectIdentifier(recipe.holds)) { continue }
            overlay.save()
            var cleanup = CommitTransaction(now: transaction.now, engine: engine, overlay: overlay)
            cleanup.giveUp(id)
        }
    }

    /// The order that makes an acknowledgement true: contents first, then what refers to them.
    private func store(_ overlay: CommitOverlay, _ outcome: Outcome) throws(StoreError) {
        let packs = try outcome.packChanges.apply { engine.packs.record($0) }
        overlay.save()
        for (id, record) in packs { overlay.set(.system, EngineKeys.pack(id), record?.encoded) }
        if packs.contains(where: { $0.record != nil && engine.packs.record($0.id) == nil }) {
            let sequence = SequenceRecord(generation: engine.contentIDs.generation, nextPack: engine.packs.nextID)
            overlay.set(.system, EngineKeys.sequence, sequence.encoded)
        }
        guard !overlay.isEmpty else { return }
        try engine.packs.sync(outcome.packsToSync)
        let batch = overlay.makeBatch()
        try StorageCall.metadata { () throws(MetadataError) in try engine.metadata.commit(batch) }
        engine.packs.committed(packs)
    }

    private func nextTimestamp() -> Timestamp {
        let now = engine.clock.now()
        return lastChange.withLock { last in
            last = max(now, Timestamp(nanoseconds: last.nanoseconds &+ 1))
            return last
        }
    }
}

extension StagedContent {
    func releaseHolds() {
        guard case .recipe(let recipe) = body else { return }
        recipe.holds.releaseAll()
    }
}
