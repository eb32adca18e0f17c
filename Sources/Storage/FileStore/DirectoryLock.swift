// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Glibc

/// Keeps a second process off a data directory, for as long as this object lives.
///
/// The lock belongs to the open file, so the kernel releases it however the process ends. The file holds the pid of the
/// holder as text and stays behind: removing it would let two processes lock two files of the same name.
package final class DirectoryLock: Sendable {
    package static let fileName = "LOCK"

    package let path: String
    private let descriptor: Int32

    /// Errors: `locked`, with the holder's pid in the message, when another object or process has the lock.
    package init(directory: String) throws(FileSystemError) {
        path = directory + "/" + Self.fileName
        descriptor = try Self.acquire(path)
    }

    deinit { close(descriptor) }

    private static func acquire(_ path: String) throws(FileSystemError) -> Int32 {
        let descriptor = LinuxFileSystem.repeating { open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        guard descriptor >= 0 else { throw .open(path, errno: errno) }
        do throws(FileSystemError) {
            guard drydock_lock_exclusive(descriptor) == 0 else {
                let failure = errno
                throw .lock(path, holder: holder(of: descriptor), errno: failure)
            }
            try writeProcessIdentifier(to: descriptor, path)
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The kernel knows it, unless the holder is in another container or is this process; then the file does.
    private static func holder(of descriptor: Int32) -> Int32? {
        let holder = drydock_lock_holder(descriptor)
        if holder > 0 { return holder }
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// Not synced: after a power cut nobody holds the lock.
    private static func writeProcessIdentifier(to descriptor: Int32, _ path: String) throws(FileSystemError) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { throw .truncate(path, to: 0, errno: errno) }
        guard pwrite(descriptor, text, text.count, 0) == text.count else {
            throw .write(path, at: 0, count: text.count, errno: errno)
        }
    }
}
