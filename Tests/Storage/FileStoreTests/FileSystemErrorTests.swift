// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import Testing

@Suite struct FileSystemErrorTests {
    /// One row of the table: a factory, an error number, the code it must give.
    struct Row: CustomTestStringConvertible {
        let error: FileSystemError
        let operation: FileSystemError.Operation
        let code: FileSystemError.Code
        var testDescription: String { "\(operation) errno \(error.errno) is \(code)" }

        init(_ error: FileSystemError, _ operation: FileSystemError.Operation, _ code: FileSystemError.Code) {
            self.error = error
            self.operation = operation
            self.code = code
        }
    }

    static let rows: [Row] = [
        Row(.open("/p", errno: ENOENT), .open, .notFound),
        Row(.open("/p", errno: EEXIST), .open, .exists),
        Row(.open("/p", errno: EACCES), .open, .permission),
        Row(.open("/p", errno: EPERM), .open, .permission),
        Row(.open("/p", errno: EMFILE), .open, .tooManyOpenFiles),
        Row(.open("/p", errno: ENFILE), .open, .tooManyOpenFiles),
        Row(.open("/p", errno: EISDIR), .open, .isDirectory),
        Row(.open("/p", errno: ENOTDIR), .open, .notDirectory),
        Row(.open("/p", errno: EROFS), .open, .readOnly),
        Row(.open("/p", errno: ENOSPC), .open, .noSpace),
        Row(.open("/p", errno: ENAMETOOLONG), .open, .invalidPath),
        Row(.open("/p", errno: ELOOP), .open, .invalidPath),
        Row(.open("/p", errno: EINTR), .open, .interrupted),
        Row(.read("/p", at: 0, count: 1, errno: EIO), .read, .ioFailure),
        Row(.read("/p", at: 0, count: 1, errno: EISDIR), .read, .isDirectory),
        Row(.write("/p", at: 0, count: 1, errno: ENOSPC), .write, .noSpace),
        Row(.write("/p", at: 0, count: 1, errno: EDQUOT), .write, .noSpace),
        Row(.write("/p", at: 0, count: 1, errno: EFBIG), .write, .noSpace),
        Row(.write("/p", at: 0, count: 1, errno: EIO), .write, .ioFailure),
        Row(.write("/p", at: 0, count: 1, errno: EBADF), .write, .ioFailure),
        Row(.sync("/p", errno: EIO), .sync, .ioFailure),
        Row(.sync("/p", errno: ENOSPC), .sync, .noSpace),
        Row(.sync("/p", errno: EDQUOT), .sync, .noSpace),
        Row(.sync("/p", errno: EINTR), .sync, .interrupted),
        Row(.sync("/p", errno: EINVAL), .sync, .unsupported),
        Row(.truncate("/p", to: 1, errno: EFBIG), .truncate, .noSpace),
        Row(.truncate("/p", to: 1, errno: EINVAL), .truncate, .unsupported),
        Row(.deallocate("/p", 0..<1, errno: EOPNOTSUPP), .deallocate, .unsupported),
        Row(.deallocate("/p", 0..<1, errno: EIO), .deallocate, .ioFailure),
        Row(.status("/p", errno: EACCES), .status, .permission),
        Row(.rename("/p", to: "/q", errno: EXDEV), .rename, .unsupported),
        Row(.rename("/p", to: "/q", errno: EEXIST), .rename, .directoryNotEmpty),
        Row(.rename("/p", to: "/q", errno: ENOTEMPTY), .rename, .directoryNotEmpty),
        Row(.rename("/p", to: "/q", errno: ENOENT), .rename, .notFound),
        Row(.remove("/p", errno: EISDIR), .remove, .isDirectory),
        Row(.remove("/p", errno: ENOENT), .remove, .notFound),
        Row(.makeDirectory("/p", errno: EMLINK), .makeDirectory, .noSpace),
        Row(.makeDirectory("/p", errno: EEXIST), .makeDirectory, .exists),
        Row(.list("/p", errno: ENOTDIR), .list, .notDirectory),
        Row(.freeSpace("/p", errno: ENOSYS), .freeSpace, .unsupported),
        Row(.lock("/p", holder: 17, errno: EAGAIN), .lock, .locked),
        Row(.lock("/p", holder: nil, errno: EACCES), .lock, .locked),
        Row(.lock("/p", holder: nil, errno: ENOLCK), .lock, .unsupported),
        Row(.open("/p", errno: 9_999), .open, .ioFailure),
    ]

    @Test(arguments: rows)
    func `an error number of a call means one code`(row: Row) {
        #expect(row.error.code == row.code)
        #expect(row.error.operation == row.operation)
        #expect(row.error.path == "/p")
        #expect(row.error.description.contains("/p"))
    }

    @Test func `each operation has a row, and each code one that gives it`() {
        #expect(Set(Self.rows.map(\.operation)) == Set(FileSystemError.Operation.allCases))
        #expect(Set(Self.rows.map(\.code)) == Set(FileSystemError.Code.allCases))
    }

    @Test func `the text says what was tried, on what, and what the system said`() {
        #expect(
            FileSystemError.write("/a/b", at: 4_096, count: 512, errno: ENOSPC).description
                == "can't write 512 bytes at 4096 of /a/b: No space left on device"
        )
        #expect(
            FileSystemError.rename("/a", to: "/b", errno: EACCES).description
                == "can't rename /a to /b: Permission denied"
        )
        #expect(
            FileSystemError.lock("/d/LOCK", holder: 4_711, errno: EAGAIN).description
                == "/d/LOCK is held by process 4711, which uses this directory"
        )
    }
}
