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
    /// Groups that were committed.
    let committedCount = Atomic<UInt64>(0)

    init(_ engine: EngineParts) {
        self.engine = engine
    }

    /// Why a group is not durable.
    private enum Failure: Error {
        /// Nothing of it will ever be there.
        case unchanged(StoreError)
        /// The log may have taken the batch before it failed: the next start knows.
        case doubtful(StoreError)

        var cause: StoreError {
            switch self {
            case .unchanged(let error), .doubtful(let error): error
            }
        }

        /// A full drive is an answer that says that nothing has changed, so it can't be this one's.
        var told: StoreError {
            switch self {
            case .doubtful(let error) where error.code == .insufficientStorage:
                StoreError(.unavailable, "the change may or may not have happened", diagnosis: error.diagnosis)
            case .unchanged(let error), .doubtful(let error):
                error
            }
        }
    }

    /// What the requests of a group amount to.
    private struct Outcome {
        var packChanges = PackChanges()
        var packsToSync: [WritablePack] = []
        var actions: [@Sendable () -> Void] = []
        var releasedInlineByteCount: UInt64 = 0
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
        do throws(Failure) {
            try store(overlay, outcome)
        } catch {
            engine.health.fail(error.cause)
            failure = error.told
        }
        for work in group {
            for content in work.contents { content.releaseHolds() }
        }
        if failure == nil {
            for action in outcome.actions { action() }
            engine.inlineGarbage.add(outcome.releasedInlineByteCount)
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
            outcome.releasedInlineByteCount += transaction.releasedInlineByteCount
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
    private func store(_ overlay: CommitOverlay, _ outcome: Outcome) throws(Failure) {
        let (packs, reservedEnd) = try prepare(overlay, outcome)
        guard !overlay.isEmpty else { return }
        do throws(StoreError) {
            try engine.packs.sync(outcome.packsToSync)
        } catch {
            throw .unchanged(error)
        }
        do throws(MetadataError) {
            try engine.metadata.commit(overlay.makeBatch())
        } catch {
            throw .doubtful(StoreError(error))
        }
        engine.packs.committed(packs)
        if let reservedEnd { engine.packs.reserved(until: reservedEnd) }
        committedCount.wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds what happens to the packs to the overlay, and ids for new ones.
    private func prepare(
        _ overlay: CommitOverlay,
        _ outcome: Outcome
    ) throws(Failure) -> (packs: [(id: UInt32, record: PackRecord?)], reservedEnd: UInt32?) {
        let packs: [(id: UInt32, record: PackRecord?)]
        do throws(StoreError) {
            packs = try outcome.packChanges.apply { engine.packs.record($0) }
        } catch {
            throw .unchanged(error)
        }
        overlay.save()
        for (id, record) in packs { overlay.set(.system, EngineKeys.pack(id), record?.encoded) }
        let namesNewPack = packs.contains { $0.record != nil && engine.packs.record($0.id) == nil }
        guard let end = engine.packs.neededReservation(namesNewPack: namesNewPack) else { return (packs, nil) }
        let sequence = SequenceRecord(generation: engine.contentIDs.generation, nextPack: end)
        overlay.set(.system, EngineKeys.sequence, sequence.encoded)
        return (packs, end)
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
