// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// `DATA/reserve`: room on the drive that is given up when a store can't be opened for want of it.
///
/// Opening replays a log and writes what it held to new files before anything old goes. Without the room for that a full store
/// could not even be opened to delete from it.
package struct SpaceReserve: Sendable {
    private let path: String
    private let directory: String
    private let byteCount: UInt64

    package init(dataDirectory: String, byteCount: UInt64) {
        directory = dataDirectory
        path = dataDirectory + "/reserve"
        self.byteCount = byteCount
    }

    package var exists: Bool { access(path, F_OK) == 0 }

    /// Makes the reserve when more than `floorByteCount` is left beside it; says whether it was made. Blocks.
    package func make(leaving floorByteCount: UInt64) -> Bool {
        guard !exists, let free = freeByteCount, free > floorByteCount, free - floorByteCount > byteCount else {
            return false
        }
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A length alone would take no room.
        guard posix_fallocate(descriptor, 0, off_t(byteCount)) == 0, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }

    /// Gives the room up; says whether there was any. Blocks.
    package func remove() -> Bool {
        unlink(path + ".new")
        return unlink(path) == 0
    }

    /// The same when less than `floorByteCount` is left.
    package func remove(ifFreeBelow floorByteCount: UInt64) -> Bool {
        guard let free = freeByteCount, free < floorByteCount else { return false }
        return remove()
    }

    private var freeByteCount: UInt64? {
        var information = statvfs()
        guard statvfs(directory, &information) == 0 else { return nil }
        return UInt64(information.f_bavail) * UInt64(information.f_frsize)
    }
}
