// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
import Glibc
import Synchronization

/// A drive in memory that forgets, when its power is cut, what was not synced.
///
/// A file's bytes are durable after its `sync`, its name after `syncDirectory` of its folder; either alone is not enough.
package final class SimulatedDisk: FileSystem {
    struct State {
        var directories: SimulatedDirectories
        var files: [Int: SimulatedContent] = [:]
        var openCounts: [Int: Int] = [:]
        var nextFile = 1
        var capacityByteCount: UInt64?
        var unreadable: [Int: Range<UInt64>] = [:]
        var generator: SeededGenerator
    }

    let power: SimulatedPower
    let caching: SimulatedCaching
    let state: Mutex<State>

    package init(
        power: SimulatedPower,
        directories: [String] = ["/data"],
        caching: SimulatedCaching = .always
    ) {
        self.power = power
        self.caching = caching
        state = Mutex(State(directories: SimulatedDirectories(directories: directories), generator: power.fork()))
    }

    init(power: SimulatedPower, caching: SimulatedCaching, state: sending State) {
        self.power = power
        self.caching = caching
        self.state = Mutex(state)
    }

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        let entry = state.withLock { $0.directories.visible[path] }
        let file: Int
        switch (entry, mode) {
        case (.directory, .create), (.file, .create): throw .open(path, errno: EEXIST)
        case (.directory, _): throw .open(path, errno: EISDIR)
        case (.file(let existing), _): file = existing
        case (nil, .readOnly), (nil, .readWrite): throw .open(path, errno: ENOENT)
        case (nil, .create), (nil, .createIfMissing): file = try makeFile(path)
        }
        if power.isOff { throw .powerLost(.open, path) }
        state.withLock { $0.openCounts[file, default: 0] += 1 }
        return SimulatedFile(self, file, path: path)
    }

    private func makeFile(_ path: String) throws(FileSystemError) -> Int {
        try checkParent(of: path) { .open(path, errno: $0) }
        return try perform(.open, path, failure: { .open(path, errno: $0) }) { state in
            let file = state.nextFile
            state.nextFile += 1
            state.files[file] = SimulatedContent()
            state.directories.add(path, .file(file))
            return file
        }
    }

    package func rename(_ source: String, to target: String) throws(FileSystemError) {
        let (old, new) = state.withLock { ($0.directories.visible[source], $0.directories.visible[target]) }
        guard let old else { throw .rename(source, to: target, errno: ENOENT) }
        // No caller renames directories, so the simulation knows only files.
        guard old != .directory else { throw .rename(source, to: target, errno: EOPNOTSUPP) }
        guard new != .directory else { throw .rename(source, to: target, errno: EISDIR) }
        try checkParent(of: target) { .rename(source, to: target, errno: $0) }
        try perform(.rename, source, failure: { .rename(source, to: target, errno: $0) }) { state in
            state.directories.rename(source, to: target, old)
        }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        switch state.withLock({ $0.directories.visible[path] }) {
        case nil: throw .remove(path, errno: ENOENT)
        case .directory: throw .remove(path, errno: EISDIR)
        case .file:
            try perform(.remove, path, failure: { .remove(path, errno: $0) }) { $0.directories.remove(path) }
        }
    }

    package func makeDirectory(_ path: String) throws(FileSystemError) {
        switch state.withLock({ $0.directories.visible[path] }) {
        case .directory: return
        case .file: throw .makeDirectory(path, errno: EEXIST)
        case nil:
            try checkParent(of: path) { .makeDirectory(path, errno: $0) }
            try perform(.makeDirectory, path, failure: { .makeDirectory(path, errno: $0) }) { state in
                state.directories.add(path, .directory)
            }
        }
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        if power.isOff { throw .powerLost(.list, directory) }
        return try state.withLock { state throws(FileSystemError) in
            switch state.directories.visible[directory] {
            case nil: throw .list(directory, errno: ENOENT)
            case .file: throw .list(directory, errno: ENOTDIR)
            case .directory: state.directories.names(in: directory)
            }
        }
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        if power.isOff { throw .powerLost(.status, path) }
        return state.withLock { $0.directories.visible[path] != nil }
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        switch state.withLock({ $0.directories.visible[path] }) {
        case nil: throw .open(path, errno: ENOENT)
        case .file: throw .open(path, errno: ENOTDIR)
        case .directory: break
        }
        switch power.begin() {
        case .success: state.withLock { $0.syncDirectory(path) }
        case .failure(let fault): throw .sync(path, errno: fault.errno)
        case .interrupted, .off: throw .powerLost(.sync, path)
        }
    }

    package func space(_ path: String) throws(FileSystemError) -> FileSystemSpace {
        if power.isOff { throw .powerLost(.freeSpace, path) }
        return state.withLock { state in
            FileSystemSpace(total: state.capacityByteCount ?? 1 << 40, free: state.freeByteCount ?? 1 << 40)
        }
    }

    /// Does a change of names: it has happened when the power goes meanwhile, though not durably.
    private func perform<Result>(
        _ operation: FileSystemError.Operation,
        _ path: String,
        failure: (Int32) -> FileSystemError,
        _ body: (inout State) -> Result
    ) throws(FileSystemError) -> Result where Result: Sendable {
        switch power.begin() {
        case .success: return state.withLock { body(&$0) }
        case .failure(let fault): throw failure(fault.errno)
        case .interrupted:
            _ = state.withLock { body(&$0) }
            throw .powerLost(operation, path)
        case .off: throw .powerLost(operation, path)
        }
    }

    private func checkParent(of path: String, _ failure: (Int32) -> FileSystemError) throws(FileSystemError) {
        switch state.withLock({ $0.directories.visible[SimulatedDirectories.parent(path)] }) {
        case .directory: return
        case .file: throw failure(ENOTDIR)
        case nil: throw failure(ENOENT)
        }
    }
}

extension SimulatedDisk.State {
    mutating func syncDirectory(_ path: String) {
        directories.sync(path)
        let referenced = directories.referencedFiles
        for file in files.keys where !referenced.contains(file) && openCounts[file] == nil { files[file] = nil }
    }

    /// Nil: without limit.
    var freeByteCount: UInt64? {
        guard let capacityByteCount else { return nil }
        let used = Set(directories.visible.values.compactMap { if case .file(let file) = $0 { file } else { nil } })
            .union(openCounts.keys)
            .reduce(into: UInt64(0)) { $0 += UInt64(files[$1]?.usedByteCount ?? 0) }
        return capacityByteCount > used ? capacityByteCount - used : 0
    }
}

extension SimulatedFault {
    var errno: Int32 {
        switch self {
        case .ioFailure: EIO
        case .noSpace: ENOSPC
        }
    }
}

extension FileSystemError {
    /// What each call of a machine without power throws. `errno` is 0, which no system call gives.
    static func powerLost(_ operation: Operation, _ path: String) -> FileSystemError {
        FileSystemError(.ioFailure, operation, path: path, message: "the power is off")
    }

    package var isPowerLost: Bool { code == .ioFailure && errno == 0 }
}
