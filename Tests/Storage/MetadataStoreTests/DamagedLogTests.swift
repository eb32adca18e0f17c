// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import MetadataStore
import StorageTestSupport
import Testing

@Suite struct `A damaged log` {
    private let directory = TemporaryDirectory()
    private let fileSystem = LinuxFileSystem()
    private var path: String { directory.file("metadata") }
    private var kept: String { directory.file("kept") }

    private func logs() throws -> [String] {
        try fileSystem.list(path).filter { $0.hasSuffix(".log") }
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let file = try fileSystem.open(path, .readOnly)
        var bytes = [UInt8](repeating: 0, count: Int(try file.size()))
        _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return bytes
    }

    private func put(_ store: RocksDBMetadataStore, _ keys: Range<UInt8>) throws {
        for key in keys { try store.put(.inline, [([key], [UInt8](repeating: key, count: 500))]) }
    }

    /// Metadata from a backup counts its logs from where it was.
    @Test(arguments: [false, true])
    func `is told and kept as it was, and what stands before the damage is there`(_ isNameTaken: Bool) throws {
        try put(try RocksDBMetadataStore.open(directory: path, keptLogs: kept), 0..<100)
        do {
            let sound = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
            #expect(try sound.logDamage == nil && !fileSystem.exists(kept))
            try put(sound, 100..<200)
        }
        let name = try #require(try logs().last)
        let log = try fileSystem.open(path + "/" + name, .readWrite)
        try [0x55, 0xAA, 0x55].withUnsafeBytes { try log.write($0, at: try log.size() / 2) }
        let before = try bytes(path + "/" + name)
        if isNameTaken {
            try fileSystem.makeDirectory(kept)
            _ = try fileSystem.open(kept + "/" + name, .create)
        }
        do {
            let damaged = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
            #expect(damaged.logDamage?.isEmpty == false)
            #expect(try damaged.get(.inline, [0]) != nil && damaged.get(.inline, [100]) != nil)
            #expect(try damaged.get(.inline, [199]) == nil)
            try put(damaged, 200..<250)
        }
        let next = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        #expect(try next.logDamage == nil && next.get(.inline, [249]) != nil)
        let logs = try fileSystem.list(kept)
        #expect(logs.count == (isNameTaken ? 2 : 1) && logs.allSatisfy { $0.hasPrefix(name) })
        #expect(try bytes(kept + "/" + #require(logs.last)) == before)
    }

    /// RocksDB takes the damaged length for the end of that log and would go on with the next one.
    @Test func `that is not the last one is not gone on behind`() throws {
        var configuration = RocksDBConfiguration()
        configuration.writeBufferByteCountPerTable = 64 << 10
        do {
            let store = try RocksDBMetadataStore.open(directory: path, configuration: configuration)
            // A table that fills its buffer begins a new log, and the others still need the old one.
            for key in 0..<40 as Range<UInt8> { try store.put(.system, [([key], [key])]) }
            for key in 0..<40 as Range<UInt8> {
                try store.put(.chunks, [([key], PatternContent(seed: UInt64(key)).bytes(0..<4_000))])
                try store.put(.system, [([100 + key], [key])])
            }
        }
        let first = try #require(try logs().first)
        #expect(try logs().count > 1)
        let log = try fileSystem.open(path + "/" + first, .readWrite)
        // The length of the first record.
        try [0xFF, 0x7F].withUnsafeBytes { try log.write($0, at: 4) }
        let error = failure { () throws(MetadataError) in
            let store = try RocksDBMetadataStore.open(directory: path, keptLogs: kept, configuration: configuration)
            #expect(try store.get(.system, [139]) == nil, "what comes last is there, what comes first is not")
        }
        #expect(error == nil || error?.code == .corrupted, "\(error?.message ?? "")")
        // Nothing has been lost when it doesn't open.
        if error == nil { #expect(try fileSystem.list(kept).contains(first)) } else { try expectUntouched([first]) }
    }

    private func expectUntouched(_ names: [String]) throws {
        #expect(try !fileSystem.exists(kept))
        #expect(try Set(logs()).isSuperset(of: names))
    }

    @Test func `is not what a store is taken for that doesn't open for another reason`() throws {
        try put(try RocksDBMetadataStore.open(directory: path, keptLogs: kept), 0..<10)
        let names = try logs()
        let list = try fileSystem.open(path + "/CURRENT", .readWrite)
        let size = try list.size()
        try list.truncate(to: size - 1)
        let error = failure { () throws(MetadataError) in
            _ = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        }
        #expect(error?.code == .corrupted)
        try expectUntouched(names)
        try "\n".utf8.withContiguousStorageIfAvailable { try list.write(UnsafeRawBufferPointer($0), at: size - 1) }
        let mended = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        #expect(try mended.logDamage == nil && mended.get(.inline, [9]) != nil)
    }
}
