// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// Chunks that are written to a pack and not yet committed, so that two uploads of the same bytes write them once.
///
/// An entry appears only when its frame's write has returned, and stays until the last stream that holds it has committed
/// or given up. Its frame stays valid in any case: packs are not cut while the engine runs. Look here before the chunk
/// index: a chunk leaves this table only after it has entered the other one.
final class InFlightChunks: Sendable {
    private struct Entry {
        let chunk: StagedChunk
        let pack: WritablePack
        var holdCount: Int
    }

    private let entries = Mutex<[SHA256Digest: Entry]>([:])

    var count: Int { entries.withLock { $0.count } }

    /// The chunk, held for the caller.
    func hold(_ digest: SHA256Digest) -> (chunk: StagedChunk, pack: WritablePack)? {
        entries.withLock { entries in
            guard var entry = entries[digest] else { return nil }
            entry.holdCount += 1
            entries[digest] = entry
            return (entry.chunk, entry.pack)
        }
    }

    /// Offers freshly written chunks, held for the caller. One that another stream wrote meanwhile is held there, too; both
    /// frames are good, and the commit that comes second leaves its own as garbage.
    func publish(_ chunks: some Sequence<StagedChunk>, in pack: WritablePack) {
        entries.withLock { entries in
            for chunk in chunks {
                entries[chunk.digest, default: Entry(chunk: chunk, pack: pack, holdCount: 0)].holdCount += 1
            }
        }
    }

    func release(_ digests: [SHA256Digest]) {
        entries.withLock { entries in
            for digest in digests {
                guard var entry = entries[digest] else { continue }
                entry.holdCount -= 1
                entries[digest] = entry.holdCount == 0 ? nil : entry
            }
        }
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

    func add(_ digests: some Sequence<SHA256Digest>, in pack: WritablePack) {
        state.withLock { state in
            state.digests.append(contentsOf: digests)
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
