// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The real disk.
///
/// Files are made with mode 0600 and directories with 0700: what the store holds is for no other account.
package struct LinuxFileSystem: FileSystem {
    package init() {}

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        let flags: Int32 =
            switch mode {
            case .readOnly: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .createIfMissing: O_RDWR | O_CREAT
            }
        let descriptor = Self.repeating { Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, 0o600) }
        guard descriptor >= 0 else { throw .open(path, errno: errno) }
        let file = LinuxFile(descriptor: descriptor, path: path)
        // Linux opens directories for reading and complains about each read.
        if mode == .readOnly, try file.isDirectory() { throw .open(path, errno: EISDIR) }
        return file
    }

    package func rename(_ source: String, to target: String) throws(FileSystemError) {
        guard Glibc.rename(source, target) == 0 else { throw .rename(source, to: target, errno: errno) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        guard unlink(path) == 0 else { throw .remove(path, errno: errno) }
    }

    package func makeDirectory(_ path: String) throws(FileSystemError) {
        if mkdir(path, 0o700) == 0 { return }
        let failure = errno
        guard failure == EEXIST else { throw .makeDirectory(path, errno: failure) }
        var information = stat()
        guard stat(path, &information) == 0 else { throw .makeDirectory(path, errno: errno) }
        guard information.st_mode & S_IFMT == S_IFDIR else { throw .makeDirectory(path, errno: EEXIST) }
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        guard let stream = opendir(directory) else { throw .list(directory, errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .list(directory, errno: errno) }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        var information = stat()
        if lstat(path, &information) == 0 { return true }
        let failure = errno
        guard failure == ENOENT || failure == ENOTDIR else { throw .status(path, errno: failure) }
        return false
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        let descriptor = Self.repeating { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .open(path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .sync(path, errno: errno) }
    }

    package func space(_ path: String) throws(FileSystemError) -> FileSystemSpace {
        var information = statvfs()
        guard Self.repeating({ statvfs(path, &information) }) == 0 else { throw .freeSpace(path, errno: errno) }
        let unit = UInt64(information.f_frsize)
        return FileSystemSpace(total: UInt64(information.f_blocks) * unit, free: UInt64(information.f_bavail) * unit)
    }

    /// Repeats a call that a signal interrupted before it did anything.
    static func repeating<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
