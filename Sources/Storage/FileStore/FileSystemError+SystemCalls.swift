// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One factory per system call; each reads the error numbers that mean something of their own to that call.
extension FileSystemError {
    package static func open(_ path: String, errno: Int32) -> FileSystemError {
        make(.open, path, errno, "can't open \(path)")
    }

    package static func read(_ path: String, at offset: UInt64, count: Int, errno: Int32) -> FileSystemError {
        make(.read, path, errno, "can't read \(count) bytes at \(offset) of \(path)")
    }

    package static func write(_ path: String, at offset: UInt64, count: Int, errno: Int32) -> FileSystemError {
        make(.write, path, errno, "can't write \(count) bytes at \(offset) of \(path)")
    }

    /// `fsync` and `fdatasync`, of files and directories. Delayed allocation makes a full drive show up here too.
    package static func sync(_ path: String, errno: Int32) -> FileSystemError {
        // EINVAL and EROFS: special files and some network file systems can't be synced at all.
        make(.sync, path, errno, "can't sync \(path)", [EINVAL: .unsupported])
    }

    package static func truncate(_ path: String, to size: UInt64, errno: Int32) -> FileSystemError {
        make(.truncate, path, errno, "can't set the size of \(path) to \(size)", [EINVAL: .unsupported])
    }

    package static func deallocate(_ path: String, _ range: Range<UInt64>, errno: Int32) -> FileSystemError {
        make(.deallocate, path, errno, "can't give back \(range.count) bytes at \(range.lowerBound) of \(path)")
    }

    package static func status(_ path: String, errno: Int32) -> FileSystemError {
        make(.status, path, errno, "can't read the status of \(path)")
    }

    package static func rename(_ source: String, to target: String, errno: Int32) -> FileSystemError {
        // EXDEV: another file system; EEXIST and ENOTEMPTY are one and the same by the standard.
        make(
            .rename,
            source,
            errno,
            "can't rename \(source) to \(target)",
            [EXDEV: .unsupported, EEXIST: .directoryNotEmpty]
        )
    }

    /// `unlink`. Linux says EISDIR for a directory; the standard asks for EPERM, as do other systems.
    package static func remove(_ path: String, errno: Int32) -> FileSystemError {
        make(.remove, path, errno, "can't remove \(path)")
    }

    package static func makeDirectory(_ path: String, errno: Int32) -> FileSystemError {
        // EMLINK: too many directories in one.
        make(.makeDirectory, path, errno, "can't make the directory \(path)", [EMLINK: .noSpace])
    }

    package static func list(_ path: String, errno: Int32) -> FileSystemError {
        make(.list, path, errno, "can't list \(path)")
    }

    package static func freeSpace(_ path: String, errno: Int32) -> FileSystemError {
        make(.freeSpace, path, errno, "can't read the free space of \(path)")
    }

    /// `holder`: the pid of the process that has the lock, when it is known.
    package static func lock(_ path: String, holder: Int32?, errno: Int32) -> FileSystemError {
        guard errno == EAGAIN || errno == EACCES else {
            return make(.lock, path, errno, "can't lock \(path)", [ENOLCK: .unsupported])
        }
        let who = holder.map { "process \($0)" } ?? "another process"
        return FileSystemError(
            .locked,
            .lock,
            path: path,
            errno: errno,
            message: "\(path) is held by \(who), which uses this directory"
        )
    }

    private static func make(
        _ operation: Operation,
        _ path: String,
        _ errno: Int32,
        _ attempt: String,
        _ exceptions: [Int32: Code] = [:]
    ) -> FileSystemError {
        FileSystemError(
            exceptions[errno] ?? commonCode(errno),
            operation,
            path: path,
            errno: errno,
            message: "\(attempt): \(String(cString: strerror(errno)))"
        )
    }

    /// What an error number means wherever it comes from. Unknown ones count as failures of the device: fail closed.
    private static func commonCode(_ errno: Int32) -> Code {
        switch errno {
        case ENOENT: .notFound
        case EEXIST: .exists
        case EISDIR: .isDirectory
        case ENOTDIR: .notDirectory
        case ENOTEMPTY: .directoryNotEmpty
        case ENOSPC, EDQUOT, EFBIG: .noSpace
        case EACCES, EPERM: .permission
        case EROFS: .readOnly
        case EMFILE, ENFILE: .tooManyOpenFiles
        case EINTR: .interrupted
        case ENAMETOOLONG, ELOOP, EINVAL: .invalidPath
        case EOPNOTSUPP, ENOSYS: .unsupported
        case EAGAIN: .locked
        default: .ioFailure
        }
    }
}
