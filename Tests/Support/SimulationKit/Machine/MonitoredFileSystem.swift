// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore

/// The disk as the engine gets it: the monitor hears of each call first.
struct MonitoredFileSystem: FileSystem {
    let base: any FileSystem
    let monitor: any MachineMonitor
    var drive = SimulatedDrive.honest

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        switch mode {
        case .create, .createIfMissing: monitor.willPerform(.create, isLocked: true)
        case .readOnly, .readWrite: break
        }
        return MonitoredFile(base: try base.open(path, mode), monitor: monitor, drive: drive)
    }

    func rename(_ source: String, to target: String) throws(FileSystemError) {
        monitor.willPerform(.rename, isLocked: true)
        try base.rename(source, to: target)
    }

    func remove(_ path: String) throws(FileSystemError) {
        monitor.willPerform(.remove, isLocked: true)
        try base.remove(path)
    }

    func makeDirectory(_ path: String) throws(FileSystemError) {
        monitor.willPerform(.makeDirectory, isLocked: true)
        try base.makeDirectory(path)
    }

    func list(_ directory: String) throws(FileSystemError) -> [String] {
        try base.list(directory)
    }

    func exists(_ path: String) throws(FileSystemError) -> Bool {
        try base.exists(path)
    }

    func syncDirectory(_ path: String) throws(FileSystemError) {
        monitor.willPerform(.syncDirectory, isLocked: false)
        try base.syncDirectory(path)
    }

    func space(_ path: String) throws(FileSystemError) -> FileSystemSpace {
        try base.space(path)
    }
}

private final class MonitoredFile: File {
    private let base: any File
    private let monitor: any MachineMonitor
    private let drive: SimulatedDrive

    init(base: any File, monitor: any MachineMonitor, drive: SimulatedDrive) {
        self.base = base
        self.drive = drive
        self.monitor = monitor
    }

    func size() throws(FileSystemError) -> UInt64 {
        try base.size()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        monitor.willPerform(.read, isLocked: false)
        return try base.read(into: buffer, at: offset)
    }

    func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Bool {
        try base.readIfCached(into: buffer, at: offset)
    }

    func readPastCache(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        monitor.willPerform(.read, isLocked: false)
        return try base.readPastCache(into: buffer, at: offset)
    }

    /// The header of a new pack is written under the lock of those who wait for the pack.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        monitor.willPerform(.write, isLocked: offset == 0)
        try base.write(bytes, at: offset)
    }

    func sync() throws(FileSystemError) {
        monitor.willPerform(.sync, isLocked: false)
        if drive == .honest { try base.sync() }
    }

    func truncate(to size: UInt64) throws(FileSystemError) {
        monitor.willPerform(.truncate, isLocked: true)
        try base.truncate(to: size)
    }

    func deallocate(_ range: Range<UInt64>) throws(FileSystemError) {
        monitor.willPerform(.deallocate, isLocked: false)
        try base.deallocate(range)
    }
}
