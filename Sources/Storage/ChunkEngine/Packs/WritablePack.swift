// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import Synchronization

/// Which frames a pack takes.
enum PackKind: Sendable, Hashable {
    /// From uploads, which do not wait for the best compression.
    case fresh
    /// From a recompression. They stay among themselves, so that no frame goes through another one.
    case recompressed
}

extension PackRecord {
    var kind: PackKind { isRecompressed ? .recompressed : .fresh }
}

/// A pack that takes frames.
final class WritablePack: Sendable {
    let id: UInt32
    let kind: PackKind
    let file: any File
    /// Something was written since the last sync began.
    private let isDirty: Atomic<Bool>
    /// The name is not durable yet.
    private let isUnnamed: Atomic<Bool>

    init(id: UInt32, kind: PackKind, file: any File, isNew: Bool) {
        self.id = id
        self.kind = kind
        self.file = file
        isDirty = Atomic(isNew)
        isUnnamed = Atomic(isNew)
    }

    /// Called after each write has returned, before anybody is told where the bytes are.
    func markWritten() {
        isDirty.store(true, ordering: .releasing)
    }

    /// Makes all that was marked durable. Commit leader only; after an error the engine has failed.
    func sync(_ fileSystem: any FileSystem, directory: String) throws(FileSystemError) {
        if isDirty.exchange(false, ordering: .acquiringAndReleasing) { try file.sync() }
        if isUnnamed.load(ordering: .acquiring) {
            try fileSystem.syncDirectory(directory)
            isUnnamed.store(false, ordering: .releasing)
        }
    }
}
