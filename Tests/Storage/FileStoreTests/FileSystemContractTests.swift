// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTestSupport
import Testing

/// What every file system promises, real or simulated.
@Suite struct FileSystemContractTests {
    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `what was written is read back at its offset`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        let content = PatternContent(seed: 7).bytes(0..<100_000)
        try file.write(content, at: 0)
        try file.sync()
        #expect(try file.size() == 100_000)
        #expect(try file.read(100_000, at: 0) == content)
        #expect(try file.read(10, at: 54_321) == Array(content[54_321..<54_331]))
        #expect(try subject.fileSystem.open(subject.path("a"), .readOnly).read(4, at: 0) == Array(content[..<4]))
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `a read is short only at the end of the file`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        try file.write([1, 2, 3], at: 0)
        #expect(try file.read(8, at: 1) == [2, 3])
        #expect(try file.read(8, at: 3).isEmpty)
        #expect(try file.read(8, at: 1_000).isEmpty)
        #expect(try file.read(0, at: 0).isEmpty)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `a gap before a write reads as zeros, and a later write covers an earlier one`(
        kind: FileSystemSubject.Kind
    ) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        try file.write([9, 9], at: 4)
        try file.write([7], at: 5)
        try file.write([], at: 2)
        #expect(try file.read(16, at: 0) == [0, 0, 0, 0, 9, 7])
    }

    @Test(arguments: FileSystemSubject.Kind.allCases, [(4_096, 0), (131_072, 4_096), (131_072, 1), (1_000, 3)])
    func `a read past the cache gives what was written, synced or not`(
        kind: FileSystemSubject.Kind,
        range: (count: Int, offset: Int)
    ) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        let content = PatternContent(seed: 7).bytes(0..<100_000)
        try file.write(content, at: 0)
        let expected = Array(content[range.offset...].prefix(range.count))
        #expect(try file.readPastCache(range.count, at: UInt64(range.offset)) == expected)
        let again = try subject.fileSystem.open(subject.path("a"), .readOnly)
        #expect(try again.readPastCache(range.count, at: UInt64(range.offset)) == expected)
        #expect(try again.readPastCache(range.count, at: 200_000).isEmpty)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `truncate cuts and extends`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        try file.write([1, 2, 3, 4], at: 0)
        try file.truncate(to: 2)
        try file.truncate(to: 5)
        #expect(try file.read(16, at: 0) == [1, 2, 0, 0, 0])
        #expect(try file.size() == 5)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `what was given back reads as zeros, and the rest and the size stay`(
        kind: FileSystemSubject.Kind
    ) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        let content = PatternContent(seed: 7).bytes(0..<20_000)
        try file.write(content, at: 0)
        try file.deallocate(4_096..<12_288)
        try file.deallocate(16_000..<16_000)
        try file.sync()
        #expect(try file.size() == 20_000)
        let expected = content[..<4_096] + [UInt8](repeating: 0, count: 8_192) + content[12_288...]
        #expect(try file.read(20_000, at: 0) == Array(expected))
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `a cached read gives all of the range or nothing`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let file = try subject.fileSystem.open(subject.path("a"), .create)
        try file.write([1, 2, 3, 4], at: 0)
        // The real file system may lack the operation, and then says nothing is cached.
        let cached = try file.readIfCached(4, at: 0)
        #expect(cached == nil || cached == [1, 2, 3, 4])
        #expect(try file.readIfCached(4, at: 1) == nil)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `opening follows the mode`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        let path = subject.path("a")
        #expect(failure { () throws(FileSystemError) in _ = try fileSystem.open(path, .readOnly) }?.code == .notFound)
        #expect(failure { () throws(FileSystemError) in _ = try fileSystem.open(path, .readWrite) }?.code == .notFound)
        try fileSystem.open(path, .createIfMissing).write([1], at: 0)
        #expect(failure { () throws(FileSystemError) in _ = try fileSystem.open(path, .create) }?.code == .exists)
        #expect(try fileSystem.open(path, .createIfMissing).read(4, at: 0) == [1])
        #expect(try fileSystem.open(path, .readWrite).read(4, at: 0) == [1])
        let below = subject.path("missing/a")
        #expect(failure { () throws(FileSystemError) in _ = try fileSystem.open(below, .create) }?.code == .notFound)
        let inFile = subject.path("a/b")
        #expect(
            failure { () throws(FileSystemError) in _ = try fileSystem.open(inFile, .create) }?.code == .notDirectory
        )
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `a directory is no file`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        let path = subject.path("d")
        try fileSystem.makeDirectory(path)
        for mode in [FileOpenMode.readOnly, .readWrite, .createIfMissing] {
            let error = failure { () throws(FileSystemError) in _ = try fileSystem.open(path, mode) }
            #expect(error?.code == .isDirectory, "\(mode)")
        }
        #expect(failure { () throws(FileSystemError) in try fileSystem.remove(path) }?.code == .isDirectory)
        _ = try fileSystem.open(subject.path("f"), .create)
        let renamed = failure { () throws(FileSystemError) in try fileSystem.rename(subject.path("f"), to: path) }
        #expect(renamed?.code == .isDirectory)
        let listed = failure { () throws(FileSystemError) in _ = try fileSystem.list(subject.path("f")) }
        #expect(listed?.code == .notDirectory)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `making a directory twice is fine, but not over a file or below nothing`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        try fileSystem.makeDirectory(subject.path("d"))
        try fileSystem.makeDirectory(subject.path("d"))
        _ = try fileSystem.open(subject.path("f"), .create)
        let overFile = failure { () throws(FileSystemError) in try fileSystem.makeDirectory(subject.path("f")) }
        #expect(overFile?.code == .exists)
        let below = failure { () throws(FileSystemError) in try fileSystem.makeDirectory(subject.path("x/y")) }
        #expect(below?.code == .notFound)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `a list has one level, sorted, without dots`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        #expect(try fileSystem.list(subject.root).isEmpty)
        for name in ["b", "a", ".hidden"] { _ = try fileSystem.open(subject.path(name), .create) }
        try fileSystem.makeDirectory(subject.path("c"))
        _ = try fileSystem.open(subject.path("c/inner"), .create)
        #expect(try fileSystem.list(subject.root) == [".hidden", "a", "b", "c"])
        #expect(try fileSystem.list(subject.path("c")) == ["inner"])
        let missing = failure { () throws(FileSystemError) in _ = try fileSystem.list(subject.path("x")) }
        #expect(missing?.code == .notFound)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `rename replaces its target, and an open file keeps its content`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        let old = try fileSystem.open(subject.path("target"), .create)
        try old.write([1], at: 0)
        try fileSystem.open(subject.path("source"), .create).write([2], at: 0)
        try fileSystem.rename(subject.path("source"), to: subject.path("target"))
        try fileSystem.syncDirectory(subject.root)
        #expect(try fileSystem.open(subject.path("target"), .readOnly).read(4, at: 0) == [2])
        #expect(try old.read(4, at: 0) == [1])
        #expect(try !fileSystem.exists(subject.path("source")))
        let again = failure { () throws(FileSystemError) in
            try fileSystem.rename(subject.path("source"), to: subject.path("target"))
        }
        #expect(again?.code == .notFound)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `remove takes the name, and an open file lives on`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        let file = try fileSystem.open(subject.path("a"), .create)
        try file.write([1, 2], at: 0)
        try fileSystem.remove(subject.path("a"))
        try fileSystem.syncDirectory(subject.root)
        #expect(try !fileSystem.exists(subject.path("a")))
        #expect(try file.read(4, at: 0) == [1, 2])
        try file.write([3], at: 2)
        #expect(try file.size() == 3)
        let again = failure { () throws(FileSystemError) in try fileSystem.remove(subject.path("a")) }
        #expect(again?.code == .notFound)
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `existence is told of files and directories`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        #expect(try fileSystem.exists(subject.root))
        #expect(try !fileSystem.exists(subject.path("a")))
        _ = try fileSystem.open(subject.path("a"), .create)
        #expect(try fileSystem.exists(subject.path("a")))
        #expect(try !fileSystem.exists(subject.path("a/b")))
    }

    @Test(arguments: FileSystemSubject.Kind.allCases)
    func `there is free space, and only a directory can be synced as one`(kind: FileSystemSubject.Kind) throws {
        let subject = FileSystemSubject(kind)
        let fileSystem = subject.fileSystem
        #expect(try fileSystem.space(subject.root).free > 0)
        try fileSystem.syncDirectory(subject.root)
        _ = try fileSystem.open(subject.path("f"), .create)
        let ofFile = failure { () throws(FileSystemError) in try fileSystem.syncDirectory(subject.path("f")) }
        #expect(ofFile?.code == .notDirectory)
        let missing = failure { () throws(FileSystemError) in try fileSystem.syncDirectory(subject.path("x")) }
        #expect(missing?.code == .notFound)
    }
}
