// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Chunks that a stream has written or found and not yet committed.
///
/// Two things depend on it. Two uploads of the same bytes write them once: a chunk stands here with its place from the moment
/// its frame's write has returned. And no collection takes a chunk that an upload has just found stored: who looks into the
/// chunk index holds the digest before, and a digest that is held does not leave the index.
///
/// An entry stays until the last stream that holds it has committed or given up. Look here before the chunk index: a chunk
/// leaves this table only after it has entered the other one.
final class InFlightChunks: Sendable {
    enum Hold {
        /// Held; its frame is written, and its commit has to sync the pack.
        case written(StagedChunk, WritablePack)
        /// Held; only the index can tell whether it is stored.
        case claimed
        /// Not held: the index is about to lose it, so it counts as new.
        case leaving
    }

    private struct Entry {
        var frame: (chunk: StagedChunk, pack: WritablePack)?
        var holdCount = 0
    }

    private struct State {
        var entries: [SHA256Digest: Entry] = [:]
        /// On their way out of the index.
        var leaving: Set<SHA256Digest> = []
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Holds the chunk for the caller, who is about to look for it.
    func hold(_ digest: SHA256Digest) -> Hold {
        state.withLock { state in
            if state.leaving.contains(digest) { return .leaving }
            state.entries[digest, default: Entry()].holdCount += 1
            return state.entries[digest]?.frame.map { .written($0.chunk, $0.pack) } ?? .claimed
        }
    }

    /// Offers freshly written chunks, held for the caller. One that another stream wrote meanwhile is held there, too; both
    /// frames are good, and the commit that comes second leaves its own as garbage.
    func publish(_ chunks: some Sequence<StagedChunk>, in pack: WritablePack) {
        state.withLock { state in
            for chunk in chunks {
                var entry = state.entries[chunk.digest] ?? Entry()
                if entry.frame == nil { entry.frame = (chunk, pack) }
                entry.holdCount += 1
                state.entries[chunk.digest] = entry
            }
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

    /// - Parameter pack: where they were written; nil for chunks of the index.
    func add(_ digests: some Sequence<SHA256Digest>, in pack: WritablePack?) {
        state.withLock { state in
            state.digests.append(contentsOf: digests)
            guard let pack else { return }
            if !state.packs.contains(where: { $0 === pack }) { state.packs.append(pack) }
        }
    }

    /// After the commit of a segment: these chunks are in the index now.
    func release(_ committed: Set<SHA256Digest>) {
        let digests = state.withLock { state in
            let released = state.digests.filter(committed.contains)
            state.digests.removeAll(where: committed.contains)
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
