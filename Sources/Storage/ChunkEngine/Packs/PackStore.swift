// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import StorageTypes
import Synchronization

/// The packs being written: hands out extents, opens the next pack, and knows the committed state of each.
final class PackStore: Sendable {
    private struct State {
        var current: WritablePack?
        /// Where the next extent of `current` starts.
        var reservedEnd: UInt64 = 0
        var nextID: UInt32
        /// As committed.
        var records: [UInt32: PackRecord]
    }

    let layout: EngineLayout
    private let fileSystem: any FileSystem
    private let packByteCountMax: UInt64
    private let space: SpaceGuard
    private let clock: any WallClock
    private let state: Mutex<State>

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
        state = Mutex(
            State(
                current: recovered.current,
                reservedEnd: recovered.current.flatMap { recovered.records[$0.id]?.committedEnd } ?? 0,
                nextID: recovered.nextID,
                records: recovered.records
            )
        )
    }

    var records: [UInt32: PackRecord] { state.withLock { $0.records } }
    /// The lowest id never used.
    var nextID: UInt32 { state.withLock { $0.nextID } }

    func record(_ id: UInt32) -> PackRecord? {
        state.withLock { $0.records[id] }
    }

    func currentFile(_ id: UInt32) -> (any File)? {
        state.withLock { $0.current?.id == id ? $0.current?.file : nil }
    }

    /// Writes the frames one behind the other and returns where the first one starts. Blocks.
    ///
    /// - Throws: `insufficientStorage`, `ioFailure`: only this write failed, and its extent is garbage.
    func append(_ frames: [EncodedFrame]) throws(StoreError) -> (pack: WritablePack, offset: UInt64) {
        let byteCount = frames.reduce(0) { $0 + UInt64($1.byteCount) }
        try space.charge(byteCount)
        let (pack, start) = try reserve(byteCount)
        try StorageCall.files { () throws(FileSystemError) in
            var offset = start
            for frame in frames {
                try Self.write(frame, to: pack.file, at: offset)
                offset += UInt64(frame.byteCount)
            }
        }
        pack.markWritten()
        return (pack, start)
    }

    private static func write(_ frame: EncodedFrame, to file: any File, at offset: UInt64) throws(FileSystemError) {
        var failure: FileSystemError?
        frame.header.withUnsafeBytes { header in
            do throws(FileSystemError) {
                try file.write(header, at: offset)
                try file.write(frame.payload, at: offset + UInt64(header.count))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Takes the next `byteCount` bytes of the current pack, or of a new one.
    private func reserve(_ byteCount: UInt64) throws(StoreError) -> (pack: WritablePack, offset: UInt64) {
        // The lock is held while a pack is made: one in 512 MiB, and everybody else would have to wait for it anyway.
        let result = state.withLock { state -> Result<(pack: WritablePack, offset: UInt64), StoreError> in
            if let pack = state.current, state.reservedEnd + byteCount <= packByteCountMax {
                defer { state.reservedEnd += byteCount }
                return .success((pack, state.reservedEnd))
            }
            do throws(FileSystemError) {
                let pack = try createPack(&state)
                defer { state.reservedEnd += byteCount }
                return .success((pack, state.reservedEnd))
            } catch {
                return .failure(StoreError(error))
            }
        }
        return try result.get()
    }

    private func createPack(_ state: inout State) throws(FileSystemError) -> WritablePack {
        let id = state.nextID
        state.nextID += 1
        let path = layout.pack(id)
        let file = try fileSystem.open(path, .create)
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
        let pack = WritablePack(id: id, file: file, isNew: true)
        state.current = pack
        state.reservedEnd = UInt64(PackFormat.headerByteCount)
        return pack
    }

    /// Makes the next frame go to a new pack if it would go to this one.
    func closeCurrent(ifIs id: UInt32) {
        state.withLock { state in
            if state.current?.id == id { state.current = nil }
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
