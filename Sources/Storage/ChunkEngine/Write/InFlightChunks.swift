// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Chunks that streams have found or written, or are about to, and not yet committed.
///
/// Two things depend on it. Uploads of the same bytes write them once: the first that brings a chunk claims it, and the others
/// wait until it says where the chunk is. And no collection takes a chunk that an upload has just found stored: who looks into
/// the chunk index holds the digest before, and a digest that is held does not leave the index.
///
/// An entry stays until the last stream that holds it has committed or given up. Look here before the chunk index: a chunk
/// leaves this table only after it has entered the other one.
///
/// A claim lasts no longer than the job that made it, and a job never waits for a claim: its stream does, between two jobs,
/// when it claims nothing. So there is always somebody who goes on.
final class InFlightChunks: Sendable {
    /// What is known of a chunk that the caller holds from now on.
    enum Hold {
        /// It is written, or in the index, and then there is no pack to sync.
        case known(StagedChunk, WritablePack?)
        /// Nothing: the caller has to look into the index, write the chunk if it isn't there, and `publish`, or `giveUp`.
        case claimed
        /// Claimed as well, but the index is about to lose it, so it counts as new.
        case leaving
        /// Another stream has claimed it.
        case awaited
    }

    private struct Entry {
        var place: (chunk: StagedChunk, pack: WritablePack?)?
        var isClaimed = false
        /// Resumed when the claim ends.
        var waiters: [UnsafeContinuation<Void, Never>] = []
        var holdCount = 0

        mutating func endClaim() -> [UnsafeContinuation<Void, Never>] {
            isClaimed = false
            defer { waiters = [] }
            return waiters
        }
    }

    private struct State {
        var entries: [SHA256Digest: Entry] = [:]
        /// On their way out of the index.
        var leaving: Set<SHA256Digest> = []
    }

    private let state = Mutex(State())

    /// Holds the chunk for the caller, and claims it if nobody has.
    func hold(_ digest: SHA256Digest) -> Hold {
        look(for: digest, holdCount: 1)
    }

    /// Asks again for a chunk that was awaited, and is held already.
    func holdAgain(_ digest: SHA256Digest) -> Hold {
        look(for: digest, holdCount: 0)
    }

    private func look(for digest: SHA256Digest, holdCount: Int) -> Hold {
        state.withLock { state in
            var entry = state.entries[digest] ?? Entry()
            entry.holdCount += holdCount
            defer { state.entries[digest] = entry }
            if let place = entry.place { return .known(place.chunk, place.pack) }
            if entry.isClaimed { return .awaited }
            entry.isClaimed = true
            return state.leaving.contains(digest) ? .leaving : .claimed
        }
    }

    /// Tells everybody where claimed chunks are.
    ///
    /// - Parameter pack: where they were written; nil for chunks of the index.
    func publish(_ chunks: some Sequence<StagedChunk>, in pack: WritablePack?) {
        endClaims(chunks.map(\.digest), places: chunks.map { ($0, pack) })
    }

    /// Leaves claimed chunks to the next one that asks.
    func giveUp(_ digests: [SHA256Digest]) {
        endClaims(digests, places: digests.map { _ in nil })
    }

    private func endClaims(_ digests: [SHA256Digest], places: [(chunk: StagedChunk, pack: WritablePack?)?]) {
        let waiters = state.withLock { state in
            zip(digests, places).flatMap { digest, place in
                state.entries[digest]?.place = place
                return state.entries[digest]?.endClaim() ?? []
            }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when nobody claims the chunk.
    func claimEnd(of digest: SHA256Digest) async {
        await withUnsafeContinuation { continuation in
            let isClaimed = state.withLock { state in
                guard state.entries[digest]?.isClaimed == true else { return false }
                state.entries[digest]?.waiters.append(continuation)
                return true
            }
            if !isClaimed { continuation.resume() }
        }
    }

    func release(_ digests: some Sequence<SHA256Digest>) {
        state.withLock { state in
            for digest in digests {
                guard var entry = state.entries[digest] else { continue }
                entry.holdCount -= 1
                state.entries[digest] = entry.holdCount == 0 ? nil : entry
            }
        }
    }

    /// Marks chunks as leaving, all of them or, when a stream holds any, none.
    fileprivate func beginLeaving(_ digests: [SHA256Digest]) -> Bool {
        state.withLock { state in
            guard digests.allSatisfy({ state.entries[$0] == nil }) else { return false }
            state.leaving.formUnion(digests)
            return true
        }
    }

    fileprivate func endLeaving(_ digests: [SHA256Digest]) {
        state.withLock { $0.leaving.subtract(digests) }
    }
}

/// Chunks that one commit takes out of the index. They are new to every upload until it goes, which has to be after that
/// commit.
final class LeavingChunks: Sendable {
    private let table: InFlightChunks
    private let digests = Mutex<[SHA256Digest]>([])

    init(_ table: InFlightChunks) {
        self.table = table
    }

    deinit {
        table.endLeaving(digests.withLock { $0 })
    }

    /// False when an upload holds one of them: none may leave now.
    func add(_ leaving: [SHA256Digest]) -> Bool {
        guard table.beginLeaving(leaving) else { return false }
        digests.withLock { $0 += leaving }
        return true
    }
}

/// The entries one content holds in the table, and the packs its commit must sync; gives the entries back when it goes.
final class ChunkHolds: Sendable {
    private struct State {
        var digests: [SHA256Digest] = []
        var packs: [WritablePack] = []
    }

    private let table: InFlightChunks
    private let state = Mutex(State())

    init(_ table: InFlightChunks) {
        self.table = table
    }

    deinit {
        table.release(state.withLock { $0.digests })
    }

    var packs: [WritablePack] { state.withLock { $0.packs } }

    func add(_ digest: SHA256Digest) {
        state.withLock { $0.digests.append(digest) }
    }

    func add(_ pack: WritablePack) {
        state.withLock { state in
            if !state.packs.contains(where: { $0 === pack }) { state.packs.append(pack) }
        }
    }

    /// After the commit of a segment: these chunks are in the index now, and the packs are synced as far as only they need them.
    func release(_ committed: Set<SHA256Digest>) {
        let digests = state.withLock { state in
            let released = state.digests.filter(committed.contains)
            state.digests.removeAll(where: committed.contains)
            // A chunk is held before its pack is added.
            if state.digests.isEmpty { state.packs = [] }
            return released
        }
        table.release(digests)
    }

    /// After the commit or the end of the whole content.
    func releaseAll() {
        let digests = state.withLock { state in
            defer { state.digests.removeAll() }
            return state.digests
        }
        table.release(digests)
    }
}
