// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import StorageTypes
import Synchronization

/// The packs being written: hands out extents, opens the next pack, and knows the committed state of each.
final class PackStore: Sendable {
    /// A pack that takes the next frames of its kind.
    private struct Current {
        let pack: WritablePack
        /// Where the next extent starts.
        var reservedEnd: UInt64
    }

    private struct State {
        var current: [PackKind: Current] = [:]
        var nextID: UInt32
        /// The lowest id that a new pack may not have; durable.
        var reservedEnd: UInt32
        /// As committed.
        var records: [UInt32: PackRecord]
        /// Packs that somebody may still commit frames to.
        var unsettled: [UInt32: Unsettled] = [:]

        /// At most half of a reservation is left.
        var isShort: Bool { reservedEnd - nextID <= PackStore.reservedCount / 2 }

        func current(_ id: UInt32) -> Current? { current.values.first { $0.pack.id == id } }

        mutating func begin(_ pack: WritablePack, at end: UInt64) {
            current[pack.kind] = Current(pack: pack, reservedEnd: end)
            unsettled[pack.id] = Unsettled(pack: pack)
        }
    }

    private struct Unsettled {
        /// Streams, their chunks in flight and commits hold the pack; here it is only watched.
        weak let pack: WritablePack?
    }

    /// Bytes of a pack, by their first.
    typealias Extent = (pack: WritablePack, offset: UInt64)

    /// Shorter runs would waste more on their last page than the page cache costs.
    private static let pagedByteCountMin = 128 << 10

    let layout: EngineLayout
    private let fileSystem: any FileSystem
    private let packByteCountMax: UInt64
    private let space: SpaceGuard
    private let clock: any WallClock
    private let state: Mutex<State>
    /// Set once the pipeline exists.
    private let commits = Mutex<CommitPipeline?>(nil)

    init(
        layout: EngineLayout,
        fileSystem: any FileSystem,
        packByteCountMax: UInt64,
        space: SpaceGuard,
        clock: any WallClock,
        recovered: RecoveredPacks
    ) {
        self.layout = layout
        self.fileSystem = fileSystem
        self.packByteCountMax = min(packByteCountMax, PackFormat.packByteCountMax)
        self.space = space
        self.clock = clock
        var state = State(
            nextID: recovered.nextID,
            reservedEnd: recovered.reservedEnd,
            records: recovered.records
        )
        for pack in recovered.current {
            guard let record = recovered.records[pack.id] else { continue }
            state.begin(pack, at: record.committedEnd)
        }
        self.state = Mutex(state)
    }

    func attach(_ pipeline: CommitPipeline?) {
        commits.withLock { $0 = pipeline }
    }

    var records: [UInt32: PackRecord] { state.withLock { $0.records } }

    /// Ids that are reserved at a time, so that a start can tell packs that it should know from those that no commit has named.
    static let reservedCount: UInt32 = 64

    /// Up to where a commit has to reserve ids; nil while more than half are left and it names no new pack, which takes the
    /// same record.
    func neededReservation(namesNewPack: Bool) -> UInt32? {
        state.withLock { state in
            namesNewPack || state.isShort ? state.nextID + Self.reservedCount : nil
        }
    }

    /// Takes over a reservation that is durable now.
    func reserved(until end: UInt32) {
        state.withLock { $0.reservedEnd = max($0.reservedEnd, end) }
    }

    /// From now on no pack is made; the lowest id never used, nil if this was called before.
    func endReservation() -> UInt32? {
        state.withLock { state in
            guard state.nextID < state.reservedEnd else { return nil }
            state.reservedEnd = state.nextID
            return state.nextID
        }
    }

    /// The packs that take the next frames, one of each kind.
    var currentIDs: [UInt32] { state.withLock { $0.current.values.map(\.pack.id).sorted() } }

    /// Whether the pack's live frames can only become fewer: nobody writes to it, and nobody has frames in it that are
    /// written and not committed. Once true, always true.
    func isSettled(_ id: UInt32) -> Bool {
        state.withLock { state in
            guard state.current(id) == nil, state.unsettled[id]?.pack == nil else { return false }
            state.unsettled[id] = nil
            return true
        }
    }

    func record(_ id: UInt32) -> PackRecord? {
        state.withLock { $0.records[id] }
    }

    func currentFile(_ id: UInt32) -> (any File)? {
        state.withLock { $0.current(id)?.pack.file }
    }

    /// Writes the frames and returns where the first one starts. Blocks.
    ///
    /// A long run takes whole pages, so that it can go past the page cache: on a busy machine filling the cache costs more than
    /// all the hashing. What is left of its last page is garbage, 2 KiB on average.
    ///
    /// - Throws: `insufficientStorage`, `ioFailure`: only this write failed, and its extent is garbage.
    func append(
        _ run: PackRun,
        to kind: PackKind = .fresh,
        _ purpose: SpaceGuard.Purpose = .content
    ) throws(StoreError) -> Extent {
        let isPaged = run.byteCount >= Self.pagedByteCountMin
        let bytes = isPaged ? run.wholePages : run.bytes
        try space.charge(UInt64(bytes.count), purpose)
        let (pack, start) = try reserve(UInt64(bytes.count), in: kind, isPaged: isPaged)
        try StorageCall.files { () throws(FileSystemError) in try pack.file.write(bytes, at: start) }
        pack.markWritten()
        return (pack, start)
    }

    /// Takes the next `byteCount` bytes of the current pack, or of a new one.
    private func reserve(
        _ byteCount: UInt64,
        in kind: PackKind,
        isPaged: Bool
    ) throws(StoreError) -> Extent {
        // The lock is held while a pack is made: one in 512 MiB, and everybody else would have to wait for it anyway.
        let (result, isShort) = state.withLock { state -> (Result<Extent, StoreError>, Bool) in
            if let current = state.current[kind] {
                let start = isPaged ? PackRun.pageEnd(current.reservedEnd) : current.reservedEnd
                if start + byteCount <= packByteCountMax {
                    state.current[kind]?.reservedEnd = start + byteCount
                    return (.success((current.pack, start)), false)
                }
            }
            return (beginPack(kind, byteCount, isPaged: isPaged, &state), state.isShort)
        }
        // Uploads make packs for as long as they stream, and none of them may come to an end. Each commit that finds few ids left
        // reserves more.
        if isShort { commits.withLock(\.self)?.commitEventually { _ throws(StoreError) in } }
        return try result.get()
    }

    private func beginPack(
        _ kind: PackKind,
        _ byteCount: UInt64,
        isPaged: Bool,
        _ state: inout State
    ) -> Result<Extent, StoreError> {
        // The commit that reserves more is late by half a reservation.
        guard state.nextID < state.reservedEnd else { return .failure(StoreError(.slowDown)) }
        do throws(FileSystemError) {
            let pack = try createPack(kind, &state)
            let header = UInt64(PackFormat.headerByteCount)
            let start = isPaged ? PackRun.pageEnd(header) : header
            state.begin(pack, at: start + byteCount)
            return .success((pack, start))
        } catch {
            return .failure(StoreError(error))
        }
    }

    private func createPack(_ kind: PackKind, _ state: inout State) throws(FileSystemError) -> WritablePack {
        let id = state.nextID
        let path = layout.pack(id)
        let file: any File
        do throws(FileSystemError) {
            file = try fileSystem.open(path, .create)
        } catch {
            // Others leave the id to the next try: there are few of them until a commit reserves more.
            if error.code == .exists { state.nextID += 1 }
            throw error
        }
        var failure: FileSystemError?
        withUnsafeTemporaryAllocation(byteCount: PackFormat.headerByteCount, alignment: 8) { header in
            PackHeader(id: id, created: clock.now().nanoseconds).encode(to: header)
            do throws(FileSystemError) {
                try file.write(UnsafeRawBufferPointer(header), at: 0)
            } catch {
                failure = error
            }
        }
        if let failure {
            // What stays behind has no record: the next start removes it.
            try? fileSystem.remove(path)
            throw failure
        }
        state.nextID += 1
        return WritablePack(id: id, kind: kind, file: file, isNew: true)
    }

    /// Makes the next frame go to a new pack if it would go to this one.
    func closeCurrent(ifIs id: UInt32) {
        state.withLock { state in
            if let current = state.current(id) { state.current[current.pack.kind] = nil }
        }
    }

    /// Takes over records that are durable now; nil for a pack that is gone.
    func committed(_ changes: [(id: UInt32, record: PackRecord?)]) {
        state.withLock { state in
            for change in changes { state.records[change.id] = change.record }
        }
    }

    /// Makes everything written to the packs so far durable. Commit leader only.
    func sync(_ packs: [WritablePack]) throws(StoreError) {
        for pack in packs {
            try StorageCall.files { () throws(FileSystemError) in try pack.sync(fileSystem, directory: layout.packs) }
        }
    }
}
