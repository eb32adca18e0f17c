// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Why a file operation failed: what was tried on which path, and what the system said.
///
/// For the log; a path never leaves the appliance.
package struct FileSystemError: Error, Sendable {
    package enum Code: Sendable, Hashable, CaseIterable {
        case notFound, exists, isDirectory, notDirectory, directoryNotEmpty
        /// The drive, the quota or the largest size of a file is used up.
        case noSpace
        case ioFailure
        case permission, readOnly
        case tooManyOpenFiles
        /// Somebody else holds the lock.
        case locked
        /// A signal cut a call short that must not be repeated blindly.
        case interrupted
        /// A name that is too long, loops, or is no name at all.
        case invalidPath
        /// The file system lacks the operation.
        case unsupported
    }

    package enum Operation: String, Sendable, CaseIterable {
        case open, read, write, sync, truncate, deallocate, status, rename, remove, makeDirectory, list, freeSpace, lock
    }

    package let code: Code
    package let operation: Operation
    package let path: String
    /// As the system call set it; 0 when no call failed.
    package let errno: Int32
    /// What was tried, lower case, no full stop.
    package let message: String

    package init(_ code: Code, _ operation: Operation, path: String, errno: Int32 = 0, message: String) {
        self.code = code
        self.operation = operation
        self.path = path
        self.errno = errno
        self.message = message
    }
}

extension FileSystemError: Equatable {
    /// Only code and operation count, so that a test names what it expects and no more.
    package static func == (left: FileSystemError, right: FileSystemError) -> Bool {
        left.code == right.code && left.operation == right.operation
    }
}

extension FileSystemError: CustomStringConvertible {
    package var description: String { message }
}
