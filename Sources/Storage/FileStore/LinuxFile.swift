// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Glibc

/// An open file of the real disk; owns its descriptor.
final class LinuxFile: File {
    private let descriptor: Int32
    private let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// What counts was synced before; an error of `close` has nothing to add.
    deinit { close(descriptor) }

    func isDirectory() throws(FileSystemError) -> Bool {
        try status().st_mode & S_IFMT == S_IFDIR
    }

    func size() throws(FileSystemError) -> UInt64 {
        UInt64(try status().st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let position = off_t(offset) + off_t(done)
            let count = LinuxFileSystem.repeating { pread(descriptor, rest.baseAddress, rest.count, position) }
            guard count >= 0 else { throw .read(path, at: UInt64(position), count: rest.count, errno: errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Bool {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            guard let start = rest.baseAddress else { return true }
            let position = off_t(offset) + off_t(done)
            let count = LinuxFileSystem.repeating { drydock_preadv2_nowait(descriptor, start, rest.count, position) }
            if count == 0 { return false }
            guard count > 0 else {
                let failure = errno
                // Not in the page cache; or a file system that can't tell, which a caller treats the same.
                if [EAGAIN, EOPNOTSUPP, ENOSYS, EINVAL].contains(failure) { return false }
                throw .read(path, at: UInt64(position), count: rest.count, errno: failure)
            }
            done += count
        }
        return true
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let position = off_t(offset) + off_t(done)
            let count = LinuxFileSystem.repeating { pwrite(descriptor, rest.baseAddress, rest.count, position) }
            guard count > 0 else {
                throw .write(path, at: UInt64(position), count: rest.count, errno: count == 0 ? EIO : errno)
            }
            done += count
        }
    }

    /// Not repeated when interrupted: the kernel reports a lost write once, and to whom it does then is not said.
    func sync() throws(FileSystemError) {
        guard fdatasync(descriptor) == 0 else { throw .sync(path, errno: errno) }
    }

    func truncate(to size: UInt64) throws(FileSystemError) {
        guard LinuxFileSystem.repeating({ ftruncate(descriptor, off_t(size)) }) == 0 else {
            throw .truncate(path, to: size, errno: errno)
        }
    }

    private func status() throws(FileSystemError) -> stat {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw .status(path, errno: errno) }
        return information
    }
}
