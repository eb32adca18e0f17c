// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The one door to the disk, so that a test can lose power, fail a sync or fill the drive.
///
/// Every call may block; none runs on an event loop or a Swift concurrency thread except `File.readIfCached`.
/// Paths are absolute. Nothing is durable before the matching `sync` has returned: a new name needs `sync` of the file
/// and `syncDirectory` of its folder.
package protocol FileSystem: Sendable {
    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File
    /// Replaces `target` in one step if it is there.
    func rename(_ source: String, to target: String) throws(FileSystemError)
    func remove(_ path: String) throws(FileSystemError)
    /// One level; an existing directory is fine.
    func makeDirectory(_ path: String) throws(FileSystemError)
    /// Names without `.` and `..`, sorted.
    func list(_ directory: String) throws(FileSystemError) -> [String]
    func exists(_ path: String) throws(FileSystemError) -> Bool
    func syncDirectory(_ path: String) throws(FileSystemError)
    /// Of the file system that `path` is on.
    func space(_ path: String) throws(FileSystemError) -> FileSystemSpace
}

/// In bytes.
package struct FileSystemSpace: Sendable, Hashable {
    package let total: UInt64
    /// What an unprivileged writer may still use.
    package let free: UInt64

    package init(total: UInt64, free: UInt64) {
        self.total = total
        self.free = free
    }
}

/// What opening a file may do to it.
package enum FileOpenMode: Sendable {
    case readOnly
    /// Must exist.
    case readWrite
    /// Must not exist.
    case create
    /// Either.
    case createIfMissing
}

/// An open file; closed when the last reference goes.
///
/// Reads and writes name their offset, so any number of threads may use one file at once.
package protocol File: AnyObject, Sendable {
    func size() throws(FileSystemError) -> UInt64
    /// Fills as much of `buffer` as the file holds from `offset` on; fewer bytes only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int
    /// The same without touching the device (`preadv2` with `RWF_NOWAIT`); nil when that can't be done in full.
    func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Bool
    /// The same from the device, where the file system can: a copy in the page cache is neither used nor made.
    ///
    /// Cost: for long reads a tenth of the CPU time of `read`; each waits for the device. Needs whole pages of 4 KiB, in memory and in
    /// the file; others are read like `read`.
    func readPastCache(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(FileSystemError) -> Int
    /// All of `bytes` or an error; after an error any prefix may have been written.
    ///
    /// Cost: a copy into the page cache; none for whole pages of 4 KiB, in memory and in the file, where the file system can
    /// take them as they are. Those are on the device when this returns, and durable after `sync` only, as all others.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError)
    /// Content and size are durable when this returns (`fdatasync`). An error is final: what was written since the last
    /// successful sync must be taken as lost, and a later success says nothing about it.
    func sync() throws(FileSystemError)
    func truncate(to size: UInt64) throws(FileSystemError)
    /// Gives the space of `range` back: it reads as zeros from now on, and the size stays. Only whole pages of 4 KiB come
    /// free. Works on a full drive.
    ///
    /// - Throws: `unsupported` where the file system has no holes.
    func deallocate(_ range: Range<UInt64>) throws(FileSystemError)
}
