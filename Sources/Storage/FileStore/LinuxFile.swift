// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Glibc
import Synchronization

/// An open file of the real disk; owns its descriptor.
final class LinuxFile: File {
    /// A second descriptor for what goes past the page cache, opened when it is first asked for.
    private enum Direct {
        case unopened
        case open(Int32)
        /// Opened, but a read or a write was refused.
        case refused(Int32)
        case unavailable
    }

    private static let pageByteCount = 4_096
    /// Shorter writes gain nothing: the device's round trip costs more than the copy.
    private static let directByteCountMin = 64 << 10

    private let descriptor: Int32
    private let path: String
    private let direct = Mutex(Direct.unopened)
    /// ext4 lets one direct write at a time extend a file. Who waits for that in the kernel spins, in `Mutex` it sleeps.
    private let directTurn = Mutex(())

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// What counts was synced before; an error of `close` has nothing to add.
    deinit {
        close(descriptor)
        switch direct.withLock({ $0 }) {
        case .open(let second), .refused(let second): close(second)
        case .unopened, .unavailable: break
        }
    }

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

    func readPastCache(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        guard Self.isPaged(UnsafeRawBufferPointer(buffer), at: offset), let second = directDescriptor() else {
            return try read(into: buffer, at: offset)
        }
        let count = LinuxFileSystem.repeating { pread(second, buffer.baseAddress, buffer.count, off_t(offset)) }
        if count < 0 {
            let failure = errno
            // An ordinary read may find in the cache what the device can't give.
            guard noteRefusal(failure, of: second) else {
                throw .read(path, at: offset, count: buffer.count, errno: failure)
            }
        }
        let done = max(0, count)
        // Nothing is left but at the end of the file.
        return done + (try read(into: .init(rebasing: buffer[done...]), at: offset + UInt64(done)))
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        let isDirect = bytes.count >= Self.directByteCountMin && Self.isPaged(bytes, at: offset)
        var done = isDirect ? writeDirectly(bytes, at: offset) : 0
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

    private static func isPaged(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Bool {
        let address = UInt(bitPattern: bytes.baseAddress)
        return (address | UInt(bytes.count) | UInt(offset)) % UInt(pageByteCount) == 0
    }

    /// Returns how many bytes were written; an error is left to the ordinary write of the rest, which meets it again.
    private func writeDirectly(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
        guard let second = directDescriptor() else { return 0 }
        let (count, failure) = directTurn.withLock { _ in
            (LinuxFileSystem.repeating { pwrite(second, bytes.baseAddress, bytes.count, off_t(offset)) }, errno)
        }
        if count < 0 { _ = noteRefusal(failure, of: second) }
        return max(0, count)
    }

    /// Whether the file system can't; nothing more is asked of it then.
    private func noteRefusal(_ failure: Int32, of second: Int32) -> Bool {
        guard failure == EINVAL || failure == EOPNOTSUPP else { return false }
        direct.withLock { state in
            // Another thread may be using it: it stays open until the file goes.
            if case .open = state { state = .refused(second) }
        }
        return true
    }

    private func directDescriptor() -> Int32? {
        direct.withLock { state in
            if case .unopened = state {
                let second = drydock_open_direct(descriptor)
                state = second >= 0 ? .open(second) : .unavailable
            }
            if case .open(let second) = state { return second }
            return nil
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

    func deallocate(_ range: Range<UInt64>) throws(FileSystemError) {
        guard !range.isEmpty else { return }
        let (offset, count) = (off_t(range.lowerBound), off_t(range.count))
        guard LinuxFileSystem.repeating({ Int(drydock_punch_hole(descriptor, offset, count)) }) == 0 else {
            throw .deallocate(path, range, errno: errno)
        }
    }

    private func status() throws(FileSystemError) -> stat {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw .status(path, errno: errno) }
        return information
    }
}
