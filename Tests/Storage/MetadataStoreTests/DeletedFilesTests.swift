// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import StorageTestSupport
import Testing

@testable import MetadataStore

/// RocksDB cuts what it needs no longer down step by step, under another name.
@Suite struct `Files of the metadata that go` {
    private let directory = TemporaryDirectory()
    private let fileSystem = LinuxFileSystem()
    private var path: String { directory.file("metadata") }

    private func isGone(_ name: String) throws -> Bool {
        try fileSystem.list(path).allSatisfy { !$0.hasPrefix(name) }
    }

    @Test func `are gone after the start that follows a crash half way`() throws {
        try RocksDBMetadataStore.open(directory: path).close()
        let names = ["000098.sst.trash", "000099.log.trash", "000099.log0.trash"]
        for name in names {
            let file = try fileSystem.open(path + "/" + name, .create)
            try [UInt8](repeating: 1, count: 3 << 20).withUnsafeBytes { try file.write($0, at: 0) }
        }
        let logs = try RocksDBFiles.logs(in: path)
        #expect(!logs.isEmpty && !logs.contains { $0.hasPrefix("000099") })
        let store = try RocksDBMetadataStore.open(directory: path)
        #expect(try names.allSatisfy(isGone))
        store.close()
    }

    /// A log that is kept has a second name, and so may all files have in a copy that somebody has made.
    @Test(arguments: [false, true])
    func `go to the last byte, and are left as they were under a second name`(_ hasSecondName: Bool) throws {
        let store = try RocksDBMetadataStore.open(directory: path)
        let value = PatternContent(seed: 1).bytes(0..<100_000)
        for key in 0..<70 as Range<UInt8> { try store.put(.inline, [([key], value)]) }
        let log = try #require(try RocksDBFiles.logs(in: path).last)
        let second = directory.file("second")
        if hasSecondName { try #require(link(path + "/" + log, second) == 0) }
        try store.compact(.inline, movedByteCountMax: 0, until: StopSign())
        for _ in 0..<1_000 where try !isGone(log) { usleep(10_000) }
        #expect(try isGone(log))
        if hasSecondName {
            #expect(try fileSystem.open(second, .readOnly).size() > 7_000_000)
            #expect(try RocksDBLogFile.flaw(in: second) == nil)
        }
        #expect(try store.get(.inline, [69]) == value)
        store.close()
    }
}
