// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTestSupport
import Testing

@testable import MetadataStore

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

    /// What is appended meanwhile would be a batch behind a record that is cut short.
    @Test func `is looked for in what was there at the beginning`() throws {
        let file = try fileSystem.open(directory.file("log"), .create)
        func append(at offset: UInt64) throws {
            try [UInt8](repeating: 1, count: 100).withUnsafeBytes { try file.write($0, at: offset) }
        }
        try append(at: 0)
        let blocks = try #require(try RocksDBLogBlocks(directory.file("log")))
        #expect(try blocks.next() && blocks.bytes.count == 100)
        try append(at: 100)
        #expect(try !blocks.next())
    }

    @Test func `is looked for wherever a directory is`() throws {
        _ = try fileSystem.open(directory.file("file"), .create)
        #expect(throws: MetadataError.self) { try RocksDBFiles.logs(in: directory.file("file")) }
        #expect(try RocksDBFiles.logs(in: directory.file("missing")) == [])
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

    /// Where each log ends after each of some commits, and the store is dropped as a crash drops it.
    private func logSizes(
        _ puts: [(RocksDBMetadataStore) throws -> Void],
        _ configuration: RocksDBConfiguration = RocksDBConfiguration()
    ) throws -> [[String: UInt64]] {
        let store = try RocksDBMetadataStore.open(directory: path, keptLogs: kept, configuration: configuration)
        return try puts.map { put in
            try put(store)
            var sizes: [String: UInt64] = [:]
            for name in try logs() { sizes[name] = try fileSystem.open("\(path)/\(name)", .readOnly).size() }
            return sizes
        }
    }

    /// The last batch has several sectors, or several blocks, and any of its sectors may be one that was lost.
    @Test(arguments: [2_000, 80_000])
    func `is none when only sectors of the last batch were lost`(_ byteCount: UInt64) throws {
        let last = PatternContent(seed: 1).bytes(0..<byteCount)
        let sizes = try logSizes([{ try put($0, 0..<9) }, { try $0.put(.inline, [([9], last)]) }])
        let (name, start) = try #require(sizes[0].first)
        let end = try #require(sizes[1][name])
        let whole = try bytes("\(path)/\(name)")
        let template = directory.file("template")
        try fileSystem.rename(path, to: template)
        let sectors = stride(from: start / 512 * 512, to: end, by: byteCount > 9_000 ? 8_192 + 512 : 512).map { lost in
            max(lost, start)..<min(lost + 512, end)
        }
        let block = UInt64(RocksDBLogBlocks.byteCount)
        let tails = stride(from: (start / block + 1) * block, to: end, by: Int(block)).map { $0..<end }
        for lost in sectors + tails {
            var log = whole
            for byte in lost { log[Int(byte)] = 0 }
            let copy = try copy(of: template, replacing: name, with: log)
            do {
                let store = try RocksDBMetadataStore.open(directory: copy.file("metadata"), keptLogs: copy.file("kept"))
                #expect(try store.logDamage == nil && !fileSystem.exists(copy.file("kept")), "bytes \(lost)")
                #expect(try store.get(.inline, [8]) != nil && store.get(.inline, [9]) == nil)
                try put(store, 10..<12)
            }
            let next = try RocksDBMetadataStore.open(directory: copy.file("metadata"), keptLogs: copy.file("kept"))
            #expect(try next.logDamage == nil && next.get(.inline, [8]) != nil && next.get(.inline, [11]) != nil)
        }
    }

    /// Zeros among the last batch's own bytes, too, are no sign of lost sectors then.
    @Test func `is told of when it is a bit of the last batch, or a sector of another`() throws {
        let zeros = [UInt8](repeating: 0, count: 3_000)
        let sizes = try logSizes([
            { try put($0, 0..<9) }, { try $0.put(.inline, [([9], zeros)]) }, { try $0.put(.inline, [([10], zeros)]) },
        ])
        let (name, start) = try #require(sizes[0].first)
        let (middle, end) = (Int(try #require(sizes[1][name])), Int(try #require(sizes[2][name])))
        let whole = try bytes("\(path)/\(name)")
        let template = directory.file("template")
        try fileSystem.rename(path, to: template)
        func expectDamage(_ log: [UInt8], _ label: String) throws {
            let copy = try copy(of: template, replacing: name, with: log)
            let store = try RocksDBMetadataStore.open(directory: copy.file("metadata"), keptLogs: copy.file("kept"))
            #expect(try store.logDamage != nil && fileSystem.exists(copy.file("kept")), "\(label)")
        }
        for byte in [middle, middle + 5, middle + 6, middle + 7, middle + 30, middle + 1_200, end - 1] {
            var log = whole
            log[byte] ^= 4
            try expectDamage(log, "bit of byte \(byte)")
        }
        var log = whole
        for byte in Int(start)..<Int(start) + 512 { log[byte] = 0 }
        try expectDamage(log, "sector of the last but one")
        log = whole
        log.replaceSubrange(Int(start) + 4..<Int(start) + 6, with: [0xAA, 0x55])
        try expectDamage(log, "length of the last but one")
    }

    /// A user may have stored a log. What has the very number that comes next can't be told apart.
    @Test(arguments: [0, 1, 5])
    func `is none when a value looks like a batch that can't be there`(_ beginCount: Int) throws {
        let isNext = beginCount == 1
        var record: [UInt8] = []
        let begin = { (store: RocksDBMetadataStore) in
            try store.put(.system, (0..<200 as Range<UInt8>).map { ([$0], []) })
            try store.put(.inline, [([1], [1])])
        }
        let other = directory.file("other")
        do {
            let store = try RocksDBMetadataStore.open(directory: other)
            for _ in 0..<beginCount { try begin(store) }
            let name = try #require(try fileSystem.list(other).first { $0.hasSuffix(".log") })
            let start = try bytes("\(other)/\(name)").count
            try store.put(.system, [([1], [1])])
            record = [UInt8](try bytes("\(other)/\(name)")[start...])
        }
        let sizes = try logSizes([begin, { try $0.put(.inline, [([9], record + record)]) }])
        let (name, start) = try #require(sizes[0].first)
        let log = "\(path)/\(name)"
        try fileSystem.open(log, .readWrite).truncate(to: try #require(sizes[1][name]) - 1)
        #expect(try RocksDBLogFile.flaw(in: log) == (isNext ? .damaged(at: Int(start)) : .torn(at: Int(start))))
        let store = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        #expect(try (store.logDamage != nil) == isNext && fileSystem.exists(kept) == isNext)
        #expect(try store.get(.inline, [1]) != nil && store.get(.inline, [9]) == nil)
    }

    /// Each change of it is a number, and takes little.
    @Test func `is told of when it is a batch of many changes`() throws {
        let sizes = try logSizes([
            { try put($0, 0..<9) }, { try $0.put(.system, (0..<250 as Range<UInt8>).map { ([$0], []) }) },
            { try $0.put(.system, [([1], [1])]) },
        ])
        let (name, start) = try #require(sizes[0].first)
        let log = "\(path)/\(name)"
        try [0xFF, 0x7F].withUnsafeBytes { try fileSystem.open(log, .readWrite).write($0, at: start + 4) }
        #expect(try RocksDBLogFile.flaw(in: log) == .damaged(at: Int(start)))
    }

    private func copy(of template: String, replacing name: String, with log: [UInt8]) throws -> TemporaryDirectory {
        let copy = TemporaryDirectory(in: directory.path)
        try fileSystem.makeDirectory(copy.file("metadata"))
        for other in try fileSystem.list(template) {
            let file = try fileSystem.open("\(copy.file("metadata"))/\(other)", .create)
            let bytes = try other == name ? log : bytes("\(template)/\(other)")
            try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        }
        return copy
    }

    /// At the end of a batch nothing in the log itself tells.
    @Test(arguments: [false, true])
    func `that is not the last one and was cut short is told`(_ hasLostEnd: Bool) throws {
        var configuration = RocksDBConfiguration()
        configuration.writeBufferByteCountPerTable = 64 << 10
        let puts = (0..<40 as Range<UInt8>).map { key in
            { (store: RocksDBMetadataStore) in
                try store.put(.chunks, [([key], PatternContent(seed: UInt64(key)).bytes(0..<4_000))])
                try store.put(.system, [([100 + key], [key])])
            }
        }
        let last = { (store: RocksDBMetadataStore) in
            try store.put(.inline, [([9], PatternContent(seed: 1).bytes(0..<2_000))])
        }
        let sizes = try logSizes(puts + [last], configuration)
        let first = try #require(sizes[0].keys.first)
        if hasLostEnd {
            let name = try #require(try logs().max())
            let sector = (try #require(sizes[39][name]) / 512 + 1) * 512
            let log = try fileSystem.open("\(path)/\(name)", .readWrite)
            try [UInt8](repeating: 0, count: 512).withUnsafeBytes { try log.write($0, at: sector) }
            #expect(try RocksDBLogFile.flaw(in: "\(path)/\(name)") == .lost(at: Int(try #require(sizes[39][name]))))
        }
        #expect(try logs().contains(first) && logs().count > 1)
        try fileSystem.open("\(path)/\(first)", .readWrite).truncate(to: try #require(sizes[5][first]))
        let error = failure { () throws(MetadataError) in
            let store = try RocksDBMetadataStore.open(directory: path, keptLogs: kept, configuration: configuration)
            let values = try [105, 106, 139].map { key throws(MetadataError) in try store.get(.system, [key]) }
            #expect(store.logDamage != nil && values == [[5], nil, nil])
        }
        #expect(error == nil || error?.code == .corrupted, "\(error?.message ?? "")")
        if error == nil { #expect(try fileSystem.list(kept).contains(first)) } else { try expectUntouched([first]) }
    }

    /// A loss of power may bring back the name of a log whose changes are in tables.
    @Test func `that nothing needs any more is not looked at`() throws {
        let sizes = try logSizes([{ try put($0, 0..<50) }, { try put($0, 50..<100) }])
        let (name, half) = try #require(sizes[0].first)
        let old = try bytes("\(path)/\(name)").prefix(Int(half))
        _ = try logSizes([{ try put($0, 100..<150) }])
        #expect(try !logs().contains(name))
        let file = try fileSystem.open("\(path)/\(name)", .create)
        try old.withUnsafeBytes { try file.write($0, at: 0) }
        let store = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        #expect(store.logDamage == nil)
        for key in 0..<150 as Range<UInt8> { #expect(try store.get(.inline, [key]) != nil) }
    }

    private func expectUntouched(_ names: [String]) throws {
        #expect(try !fileSystem.exists(kept))
        #expect(try Set(logs()).isSuperset(of: names))
    }

    /// - Parameter wasKept: an earlier start has found the metadata older than the packs.
    @Test(arguments: [false, true])
    func `is not what a store is taken for that doesn't open for another reason`(_ wasKept: Bool) throws {
        try put(try RocksDBMetadataStore.open(directory: path, keptLogs: kept), 0..<10)
        if wasKept { try fileSystem.makeDirectory(kept) }
        let names = try logs()
        let list = try fileSystem.open(path + "/CURRENT", .readWrite)
        let size = try list.size()
        try list.truncate(to: size - 1)
        let error = failure { () throws(MetadataError) in
            _ = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        }
        #expect(error?.code == .corrupted)
        #expect(try fileSystem.exists(kept) == wasKept && Set(logs()).isSuperset(of: names))
        try "\n".utf8.withContiguousStorageIfAvailable { try list.write(UnsafeRawBufferPointer($0), at: size - 1) }
        let mended = try RocksDBMetadataStore.open(directory: path, keptLogs: kept)
        #expect(try mended.logDamage == nil && mended.get(.inline, [9]) != nil)
    }
}
