// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import StorageTestSupport
import Testing

@Suite struct DirectoryLockTests {
    @Test func `a second lock is refused and names the holder`() throws {
        let directory = TemporaryDirectory()
        let lock = try DirectoryLock(directory: directory.path)
        let error = failure { () throws(FileSystemError) in _ = try DirectoryLock(directory: directory.path) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("process \(getpid()),") == true)
        withExtendedLifetime(lock) {}
    }

    @Test func `a refused attempt does not free the lock`() throws {
        let directory = TemporaryDirectory()
        let lock = try DirectoryLock(directory: directory.path)
        for _ in 0..<3 {
            let error = failure { () throws(FileSystemError) in _ = try DirectoryLock(directory: directory.path) }
            #expect(error?.code == .locked)
        }
        withExtendedLifetime(lock) {}
    }

    @Test func `the lock goes with its object`() throws {
        let directory = TemporaryDirectory()
        for _ in 0..<3 { _ = try DirectoryLock(directory: directory.path) }
        #expect(try LinuxFileSystem().list(directory.path) == [DirectoryLock.fileName])
    }

    @Test func `a missing directory is not found`() {
        let error = failure { () throws(FileSystemError) in _ = try DirectoryLock(directory: "/nonexistent") }
        #expect(error?.code == .notFound)
    }

    /// The child gets nothing of the lock: the descriptor is closed on exec, and record locks are not inherited.
    @Test(.timeLimit(.minutes(1))) func `another process that holds the lock is named`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file(DirectoryLock.fileName)
        // perl is an essential package of Debian. struct flock of x86-64 and arm64: type, whence, start, length, pid.
        let script = """
            use Fcntl; open(my $f, '+>', $ARGV[0]) or die; syswrite($f, "$$\\n");
            my $lock = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 1, 0);
            fcntl($f, 37, $lock) or die "lock: $!";
            open(my $r, '>', "$ARGV[0].ready"); close($r); sleep 60;
            """
        let child = try #require(Self.spawn(["/usr/bin/perl", "-e", script, path]))
        var isReaped = false
        defer {
            if !isReaped {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
            }
        }
        while try !LinuxFileSystem().exists(path + ".ready") {
            isReaped = waitpid(child, nil, WNOHANG) == child
            try #require(!isReaped, "perl could not take the lock")
            usleep(2_000)
        }
        let error = failure { () throws(FileSystemError) in _ = try DirectoryLock(directory: directory.path) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("process \(child),") == true, "\(error?.message ?? "no error")")

        // The kernel gives the lock back however the holder ends.
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
        isReaped = true
        _ = try DirectoryLock(directory: directory.path)
    }

    private static func spawn(_ arguments: [String]) -> pid_t? {
        var child: pid_t = 0
        let copies = arguments.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        guard posix_spawn(&child, arguments[0], nil, nil, copies + [nil], environ) == 0 else { return nil }
        return child
    }
}
