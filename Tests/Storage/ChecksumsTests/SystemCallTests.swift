// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims
import Glibc
import Testing

/// A file in the temporary directory, gone with the last reference.
private final class TemporaryFile: Sendable {
    let path: String
    let descriptor: Int32

    init(_ name: String) throws {
        path = "/tmp/drydock-shims-\(getpid())-\(name)"
        unlink(path)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }
}

@Suite struct `System calls` {
    @Test func `a read that must not wait returns what is cached, or says why not`() throws {
        let file = try TemporaryFile("nowait")
        let bytes = [UInt8](repeating: 9, count: 5_000)
        try #require(pwrite(file.descriptor, bytes, bytes.count, 0) == bytes.count)
        var buffer = [UInt8](repeating: 0, count: 8_192)
        let count = drydock_preadv2_nowait(file.descriptor, &buffer, buffer.count, 1_000)
        if count < 0 {
            #expect([EAGAIN, EOPNOTSUPP].contains(errno))
        } else {
            #expect(count == 4_000)
            #expect(buffer.prefix(4_000).allSatisfy { $0 == 9 })
        }
    }

    @Test func `a direct descriptor is of the same file, or refused`() throws {
        let file = try TemporaryFile("direct")
        let second = drydock_open_direct(file.descriptor)
        guard second >= 0 else {
            #expect(errno == EINVAL)
            return
        }
        defer { close(second) }
        var (first, other) = (stat(), stat())
        #expect(fstat(file.descriptor, &first) == 0 && fstat(second, &other) == 0)
        #expect(first.st_ino == other.st_ino)
    }

    @Test func `a second opener of this process is kept out until the first one closes`() throws {
        let file = try TemporaryFile("lock")
        #expect(drydock_lock_exclusive(file.descriptor) == 0)
        let other = open(file.path, O_RDWR | O_CLOEXEC)
        #expect(drydock_lock_exclusive(other) == -1)
        #expect(errno == EAGAIN)
        #expect(drydock_lock_holder(other) == 0, "the holder is this process")
        close(other)

        let third = open(file.path, O_RDWR | O_CLOEXEC)
        #expect(drydock_lock_exclusive(third) == -1, "closing the second descriptor does not break the lock")
        close(third)
    }

    @Test func `another process is told the holder's pid`() async throws {
        let file = try TemporaryFile("holder")
        try #require(drydock_lock_exclusive(file.descriptor) == 0)
        let path = file.path
        let holder = getpid()
        // The child opens the file itself: an inherited descriptor would share the lock.
        await #expect(processExitsWith: .exitCode(7)) { [path = path as String, holder = holder as pid_t] in
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            let isRefused = drydock_lock_exclusive(descriptor) == -1 && errno == EAGAIN
            exit(isRefused && drydock_lock_holder(descriptor) == holder ? 7 : 1)
        }
        // The lock lives as long as this descriptor.
        withExtendedLifetime(file) {}
    }
}
