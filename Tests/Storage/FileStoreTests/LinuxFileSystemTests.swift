// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import StorageTestSupport
import Testing

/// What only the real disk can show.
@Suite struct LinuxFileSystemTests {
    @Test func `what it makes is for its own account only`() throws {
        let directory = TemporaryDirectory()
        _ = try LinuxFileSystem().open(directory.file("f"), .create)
        try LinuxFileSystem().makeDirectory(directory.file("d"))
        var information = stat()
        #expect(stat(directory.file("f"), &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
        #expect(stat(directory.file("d"), &information) == 0)
        #expect(information.st_mode & 0o777 == 0o700)
    }

    @Test func `a file is closed with its last reference`() throws {
        let directory = TemporaryDirectory()
        for _ in 0..<5_000 { _ = try LinuxFileSystem().open(directory.file("f"), .createIfMissing) }
        let refused = failure { () throws(FileSystemError) in
            _ = try LinuxFileSystem().open(directory.path, .readOnly)
        }
        #expect(refused?.code == .isDirectory)
    }

    /// Long writes of whole pages go past the page cache, others through it: a reader must see one file.
    @Test(arguments: ["/tmp", "/dev/shm"])
    func `writes past the cache and through it make one file`(_ place: String) throws {
        let directory = TemporaryDirectory(in: place)
        let file = try LinuxFileSystem().open(directory.file("f"), .create)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
        defer { memory.deallocate() }
        let random = SeededRandom(seed: 1)
        var model: [UInt8] = []
        var back = [UInt8](repeating: 0, count: 4 << 20)
        for round in 0..<60 {
            // Pages and odd places, aligned and not, short and long, over what is there and behind it.
            let isPaged = round % 3 != 0
            let unit = isPaged ? 4_096 : 1
            let count = (1 + Int(random.next() % UInt64(256 << 10)) / unit) * unit
            let offset = Int(random.next() % UInt64(model.count + 100_000)) / unit * unit
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round) }
            memory.copyBytes(from: content)
            try file.write(UnsafeRawBufferPointer(rebasing: memory[..<count]), at: UInt64(offset))
            if model.count < offset + count {
                model.append(contentsOf: [UInt8](repeating: 0, count: offset + count - model.count))
            }
            model.replaceSubrange(offset..<offset + count, with: content)
            if round % 7 == 0 { try file.sync() }
            #expect(try file.size() == UInt64(model.count))
            let read = try back.withUnsafeMutableBytes { buffer in
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<model.count]), at: 0)
            }
            #expect(read == model.count && back[..<read].elementsEqual(model), "round \(round)")
            let start = offset / 4_096 * 4_096
            #expect(try file.readPastCache(1 << 20, at: UInt64(start)) == Array(model[start...].prefix(1 << 20)))
        }
    }

    @Test func `descriptors don't reach child processes`() throws {
        let directory = TemporaryDirectory()
        let file = try LinuxFileSystem().open(directory.file("f"), .create)
        let isInherited = (0..<256).contains { descriptor in
            var information = stat()
            var ours = stat()
            guard fstat(Int32(descriptor), &information) == 0, stat(directory.file("f"), &ours) == 0 else {
                return false
            }
            // F_GETFD through the file system of the process: fcntl is variadic, which Swift can't call.
            guard information.st_ino == ours.st_ino, information.st_dev == ours.st_dev else { return false }
            return !Self.closesOnExec(descriptor)
        }
        #expect(!isInherited)
        try file.sync()
    }

    /// From the octal flags of /proc/self/fdinfo, where O_CLOEXEC is 02000000.
    private static func closesOnExec(_ descriptor: Int) -> Bool {
        guard let stream = fopen("/proc/self/fdinfo/\(descriptor)", "r") else { return false }
        defer { fclose(stream) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, stream) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("flags:") else { continue }
            let digits = text.filter { $0.isNumber }
            return (Int(digits, radix: 8) ?? 0) & 0o2000000 != 0
        }
        return false
    }

    @Test func `a full drive is no space`() throws {
        // /dev/full refuses each write with ENOSPC.
        let file = try LinuxFileSystem().open("/dev/full", .readWrite)
        let error = failure { () throws(FileSystemError) in try file.write([1], at: 0) }
        #expect(error?.code == .noSpace)
        #expect(error?.errno == ENOSPC)
    }

    @Test func `what is in the page cache is read without waiting`() throws {
        let directory = TemporaryDirectory()
        let file = try LinuxFileSystem().open(directory.file("f"), .create)
        let content = PatternContent(seed: 3).bytes(0..<65_536)
        try file.write(content, at: 0)
        // Some file systems can't tell; then nothing counts as cached, which is right too.
        if let cached = try file.readIfCached(4_096, at: 512) { #expect(cached == Array(content[512..<4_608])) }
        #expect(try file.readIfCached(4_096, at: 64_000) == nil)
    }
}
