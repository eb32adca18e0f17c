// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Records each change that passes through it, so that a test can compare the order of writes and syncs with a file.
///
/// Lines, with paths from `root` on: `create P`, `write P OFFSET+COUNT`, `truncate P SIZE`, `deallocate P OFFSET+COUNT`, `sync P`, `rename P Q`,
/// `remove P`, `mkdir P`, `syncdir P`; ` failed: CODE` follows when it threw. Opening and reading leave no line.
package struct LoggingFileSystem: FileSystem {
    private let base: any FileSystem
    private let trace: OperationTrace
    private let root: String

    package init(_ base: any FileSystem, trace: OperationTrace, root: String) {
        self.base = base
        self.trace = trace
        self.root = root.hasSuffix("/") ? root : root + "/"
    }

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        let makes =
            switch mode {
            case .readOnly, .readWrite: false
            case .create: true
            case .createIfMissing: try !base.exists(path)
            }
        let file =
            if makes {
                try recording("create \(short(path))") { () throws(FileSystemError) in try base.open(path, mode) }
            } else {
                try base.open(path, mode)
            }
        return LoggingFile(file, name: short(path), owner: self)
    }

    package func rename(_ source: String, to target: String) throws(FileSystemError) {
        try recording("rename \(short(source)) \(short(target))") { () throws(FileSystemError) in
            try base.rename(source, to: target)
        }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try recording("remove \(short(path))") { () throws(FileSystemError) in try base.remove(path) }
    }

    package func makeDirectory(_ path: String) throws(FileSystemError) {
        try recording("mkdir \(short(path))") { () throws(FileSystemError) in try base.makeDirectory(path) }
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        try base.list(directory)
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        try base.exists(path)
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        try recording("syncdir \(short(path))") { () throws(FileSystemError) in try base.syncDirectory(path) }
    }

    package func space(_ path: String) throws(FileSystemError) -> FileSystemSpace {
        try base.space(path)
    }

    fileprivate func recording<Result>(
        _ line: String,
        _ body: () throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        do throws(FileSystemError) {
            let result = try body()
            trace.record(line)
            return result
        } catch {
            trace.record("\(line) failed: \(error.code)")
            throw error
        }
    }

    private func short(_ path: String) -> String {
        if path.hasPrefix(root) { return String(path.dropFirst(root.count)) }
        return path + "/" == root ? "." : path
    }
}

private final class LoggingFile: File {
    private let base: any File
    private let name: String
    private let owner: LoggingFileSystem

    init(_ base: any File, name: String, owner: LoggingFileSystem) {
        self.base = base
        self.name = name
        self.owner = owner
    }

    func size() throws(FileSystemError) -> UInt64 {
        try base.size()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        try base.read(into: buffer, at: offset)
    }

    func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Bool {
        try base.readIfCached(into: buffer, at: offset)
    }

    func readPastCache(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        try base.readPastCache(into: buffer, at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        try owner.recording("write \(name) \(offset)+\(bytes.count)") { () throws(FileSystemError) in
            try base.write(bytes, at: offset)
        }
    }

    func sync() throws(FileSystemError) {
        try owner.recording("sync \(name)") { () throws(FileSystemError) in try base.sync() }
    }

    func truncate(to size: UInt64) throws(FileSystemError) {
        try owner.recording("truncate \(name) \(size)") { () throws(FileSystemError) in try base.truncate(to: size) }
    }
    func deallocate(_ range: Range<UInt64>) throws(FileSystemError) {
        try owner.recording("deallocate \(name) \(range.lowerBound)+\(range.count)") { () throws(FileSystemError) in
            try base.deallocate(range)
        }
    }
}
