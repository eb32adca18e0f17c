// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTypes
import Synchronization

/// Open pack files for reading, a bounded number of them.
final class PackFileCache: Sendable {
    private struct Entry {
        let file: any File
        var lastUse: UInt64
    }

    private struct State {
        var entries: [UInt32: Entry] = [:]
        var useCount: UInt64 = 0
    }

    private let packs: PackStore
    private let fileSystem: any FileSystem
    private let fileCountMax: Int
    private let state = Mutex(State())

    init(packs: PackStore, fileSystem: any FileSystem, fileCountMax: Int) {
        self.packs = packs
        self.fileSystem = fileSystem
        self.fileCountMax = fileCountMax
    }

    /// The file if it is open already. Does not block.
    func openFile(_ pack: UInt32) -> (any File)? {
        state.withLock { state in
            guard var entry = state.entries[pack] else { return nil }
            state.useCount += 1
            entry.lastUse = state.useCount
            state.entries[pack] = entry
            return entry.file
        }
    }

    /// The file; nil when the store knows no such pack or its file is gone.
    func file(_ pack: UInt32) throws(StoreError) -> (any File)? {
        if let file = openFile(pack) { return file }
        let file: any File
        if let current = packs.currentFile(pack) {
            file = current
        } else {
            guard packs.record(pack) != nil else { return nil }
            do throws(FileSystemError) {
                file = try fileSystem.open(packs.layout.pack(pack), .readOnly)
            } catch {
                if error.code == .notFound { return nil }
                throw StoreError(error)
            }
        }
        state.withLock { state in
            if state.entries.count >= fileCountMax,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
            }
            state.useCount += 1
            state.entries[pack] = Entry(file: file, lastUse: state.useCount)
        }
        // A collection may have dropped the pack since: an open file would keep its space.
        if packs.record(pack) == nil, packs.currentFile(pack) == nil { forget(pack) }
        return file
    }

    func forget(_ pack: UInt32) {
        state.withLock { $0.entries[pack] = nil }
    }
}
