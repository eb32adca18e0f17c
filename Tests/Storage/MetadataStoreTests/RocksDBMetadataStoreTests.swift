// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import MetadataStore
import StorageTestSupport
import Testing

/// What only RocksDB can show.
@Suite struct RocksDBMetadataStoreTests {
    @Test func `a value that was read from its file is cached from then on, in each table`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        // The inline table keeps values of this size in blob files.
        let value = PatternContent(seed: 2).bytes(0..<9_000)
        do {
            let store = try RocksDBMetadataStore.open(directory: path)
            for table in MetadataTable.allCases { try store.put(table, [([1], value)]) }
            store.close()
        }
        let store = try RocksDBMetadataStore.open(directory: path)
        for table in MetadataTable.allCases {
            #expect(try store.getIfCached(table, [1]) == .unknown, "\(table)")
            #expect(try store.get(table, [1]) == value)
            #expect(try store.getIfCached(table, [1]) == .value(value), "\(table)")
        }
    }

    @Test func `a clean shutdown leaves files and no log to replay`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        let store = try RocksDBMetadataStore.open(directory: path)
        try store.put(.inline, (0..<200).map { ([UInt8($0)], PatternContent(seed: UInt64($0)).bytes(0..<4_096)) })
        store.close()
        let names = try LinuxFileSystem().list(path)
        #expect(names.contains { $0.hasSuffix(".blob") })
        #expect(names.contains { $0.hasSuffix(".sst") })
        for name in names where name.hasSuffix(".log") {
            #expect(try LinuxFileSystem().open(path + "/" + name, .readOnly).size() == 0, "\(name)")
        }
    }

    /// Room that is taken before it is needed makes a drive that is nearly full a full one.
    @Test func `a log takes no more room than it holds`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        let store = try RocksDBMetadataStore.open(directory: path)
        try store.put(.inline, [([1], [UInt8](repeating: 1, count: 1_000))])
        let logs = try LinuxFileSystem().list(path).filter { $0.hasSuffix(".log") }
        for name in logs {
            var information = stat()
            #expect(stat(path + "/" + name, &information) == 0)
            #expect(information.st_blocks * 512 <= 64 << 10, "\(name)")
        }
        #expect(!logs.isEmpty)
    }

    @Test func `compacting gives back the space of deleted values`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        let value = PatternContent(seed: 2).bytes(0..<16_000)
        var store = try RocksDBMetadataStore.open(directory: path)
        try store.put(.inline, (0..<200).map { ([UInt8($0)], value) })
        store.close()
        store = try RocksDBMetadataStore.open(directory: path)
        let full = store.footprint(.inline)
        #expect(full.valueByteCount > 200 * 16_000 && full.deletedValueByteCount == 0 && full.treeByteCount > 0)
        for key in 0..<150 as Range<UInt8> { try store.delete(.inline, [key]) }
        #expect(store.footprint(.inline) == full, "deleting alone gives nothing back")
        try store.compact(.inline, movedByteCountMax: 0, until: StopSign())
        let known = store.footprint(.inline)
        #expect(known.valueByteCount == full.valueByteCount && known.deletedValueByteCount >= 150 * 16_000)
        try store.compact(.inline, movedByteCountMax: .max, until: StopSign())
        let moved = store.footprint(.inline)
        #expect(moved.valueByteCount < 51 * 16_100 && moved.deletedValueByteCount == 0)
        for key in 0..<200 as Range<UInt8> { #expect(try store.get(.inline, [key]) == (key < 150 ? nil : value)) }
        for key in 150..<200 as Range<UInt8> { try store.delete(.inline, [key]) }
        try store.compact(.inline, movedByteCountMax: 0, until: StopSign())
        #expect(store.footprint(.inline).valueByteCount == 0, "a file of which nothing is left goes by itself")
        store.close()
    }

    @Test func `deletions that a scan walks over are taken away`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        let keys = (0..<30_000 as Range<UInt32>).map { key in withUnsafeBytes(of: key.bigEndian) { [UInt8]($0) } }
        var store = try RocksDBMetadataStore.open(directory: path)
        try store.put(.objects, keys.map { ($0, $0) })
        store.close()
        store = try RocksDBMetadataStore.open(directory: path)
        var deletions = MetadataBatch()
        for key in keys.dropLast() { deletions.delete(.objects, key) }
        try store.commit(deletions)
        let full = store.footprint(.objects)
        do {
            let cursor = try store.cursor(.objects, from: [], until: nil)
            #expect(try cursor.next())
            #expect(cursor.withCurrent { key, _ in [UInt8](key) } == keys.last)
        }
        // The compaction goes on by itself.
        for _ in 0..<1_000 where store.footprint(.objects).treeByteCount > full.treeByteCount / 2 {
            usleep(10_000)
        }
        #expect(store.footprint(.objects).treeByteCount < full.treeByteCount / 2)
        #expect(try store.get(.objects, keys[29_999]) == keys[29_999])
        store.close()
    }

    /// At a start RocksDB opens a few files only, and asks no device for the others.
    @Test func `a value in a file that is not open is unknown, not empty`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        for round in 0..<40 as Range<UInt8> {
            let store = try RocksDBMetadataStore.open(directory: path)
            for table in MetadataTable.allCases { try store.put(table, [([round], [round, 1, 2, 3])]) }
            store.close()
        }
        let store = try RocksDBMetadataStore.open(directory: path)
        for round in 0..<40 as Range<UInt8> {
            for table in MetadataTable.allCases {
                let cached = try store.getIfCached(table, [round])
                #expect(cached == .unknown || cached == .value([round, 1, 2, 3]), "\(table) \(round): \(cached)")
                #expect(try store.get(table, [round]) == [round, 1, 2, 3])
            }
        }
    }

    @Test func `damage on the device is found behind the caches`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        do {
            let store = try RocksDBMetadataStore.open(directory: path)
            try store.put(.chunks, (0..<100).map { ([UInt8($0)], PatternContent(seed: UInt64($0)).bytes(0..<64)) })
            store.close()
        }
        let store = try RocksDBMetadataStore.open(directory: path)
        for key in 0..<100 as Range<UInt8> { _ = try store.get(.chunks, [key]) }
        try store.verify(until: StopSign())
        for name in try LinuxFileSystem().list(path) where name.hasSuffix(".sst") {
            let file = try LinuxFileSystem().open(path + "/" + name, .readWrite)
            try [0x55, 0xAA, 0x55].withUnsafeBytes { try file.write($0, at: 700) }
        }
        #expect(try store.get(.chunks, [7]) != nil)
        let error = failure { () throws(MetadataError) in try store.verify(until: StopSign()) }
        #expect(error?.code == .corrupted, "\(error?.message ?? "no error")")
    }

    @Test func `a flipped bit in what only the next start reads is found before it`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        try RocksDBMetadataStore.open(directory: path).close()
        let store = try RocksDBMetadataStore.open(directory: path)
        for key in 0..<20 as Range<UInt8> { try store.put(.objects, [([key], [1, 2, 3])]) }
        try store.verify(until: StopSign())
        let names = try LinuxFileSystem().list(path).filter { name in
            name == "CURRENT" || name.hasPrefix("MANIFEST-") || name.hasSuffix(".log")
        }
        var generator = SeededGenerator(seed: 1)
        for name in names {
            let file = try LinuxFileSystem().open(path + "/" + name, .readWrite)
            let byteCount = Int(try file.size())
            // The log of the run before.
            if byteCount == 0 { continue }
            // The last bytes, too: nothing is being written.
            for byte in (0..<40).map({ _ in generator.below(byteCount) }) + [0, byteCount - 1] {
                let bit = UInt8(1) << UInt8(generator.below(8))
                try flip(bit, byte, file)
                #expect(
                    failure { () throws(MetadataError) in try store.verify(until: StopSign()) }?.code == .corrupted,
                    "\(name) \(byte)"
                )
                try flip(bit, byte, file)
            }
        }
        try store.verify(until: StopSign())
        store.close()
    }

    private func flip(_ bit: UInt8, _ byte: Int, _ file: any File) throws {
        var value: [UInt8] = [0]
        _ = try value.withUnsafeMutableBytes { try file.read(into: $0, at: UInt64(byte)) }
        value[0] ^= bit
        try value.withUnsafeBytes { try file.write($0, at: UInt64(byte)) }
    }

    @Test func `long work ends when it is told to, and nothing is lost`() throws {
        let directory = TemporaryDirectory()
        let store = try RocksDBMetadataStore.open(directory: directory.file("metadata"))
        func value(_ key: UInt8) -> [UInt8] { PatternContent(seed: UInt64(key)).bytes(0..<9_000) }
        for key in 0..<200 as Range<UInt8> { try store.put(.inline, [([key], value(key))]) }
        try store.compact(.inline, movedByteCountMax: 0, until: StopSign())
        for key in 0..<200 as Range<UInt8> where key % 8 > 0 { try store.delete(.inline, [key]) }
        let before = store.footprint(.inline)
        let stop = StopSign()
        stop.raise()
        #expect(
            failure { () throws(MetadataError) in
                try store.compact(.inline, movedByteCountMax: .max, until: stop)
            }?.code == .failed
        )
        #expect(store.footprint(.inline).valueByteCount == before.valueByteCount)
        #expect(failure { () throws(MetadataError) in try store.verify(until: stop) }?.code == .failed)
        for key in 0..<200 as Range<UInt8> {
            #expect(try store.get(.inline, [key]) == (key % 8 > 0 ? nil : value(key)))
        }
        try store.compact(.inline, movedByteCountMax: .max, until: StopSign())
        #expect(store.footprint(.inline).valueByteCount < before.valueByteCount / 4)
        try store.verify(until: StopSign())
        store.close()
        withExtendedLifetime(directory) {}
    }

    @Test func `what is being written is not taken for damage`() async throws {
        let directory = TemporaryDirectory()
        let store = try RocksDBMetadataStore.open(directory: directory.file("metadata"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 as Range<UInt8> {
                group.addTask {
                    for round in 0..<150 {
                        // Longer than a block, so that it takes several records.
                        let value = PatternContent(seed: UInt64(round)).bytes(0..<UInt64(round % 3) * 40_000 + 10)
                        try store.put(.contents, [([writer, UInt8(round)], value)])
                    }
                }
            }
            group.addTask { for _ in 0..<40 { try store.verify(until: StopSign()) } }
            group.addTask { for _ in 0..<4 { try store.compact(.contents, movedByteCountMax: 0, until: StopSign()) } }
            try await group.waitForAll()
        }
        try store.verify(until: StopSign())
        store.close()
        withExtendedLifetime(directory) {}
    }

    @Test func `a damaged table is corruption, not a wrong answer`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        do {
            let store = try RocksDBMetadataStore.open(directory: path)
            try store.put(.chunks, (0..<100).map { ([UInt8($0)], PatternContent(seed: UInt64($0)).bytes(0..<64)) })
            store.close()
        }
        for name in try LinuxFileSystem().list(path) where name.hasSuffix(".sst") {
            let file = try LinuxFileSystem().open(path + "/" + name, .readWrite)
            try [0x55, 0xAA, 0x55].withUnsafeBytes { try file.write($0, at: 700) }
        }
        let error = failure { () throws(MetadataError) in
            let store = try RocksDBMetadataStore.open(directory: path)
            for key in 0..<100 as Range<UInt8> { _ = try store.get(.chunks, [key]) }
        }
        #expect(error?.code == .corrupted, "\(error?.message ?? "no error")")
    }

    @Test func `a directory below nothing can't be opened`() {
        let error = failure { () throws(MetadataError) in
            _ = try RocksDBMetadataStore.open(directory: "/proc/nowhere/metadata")
        }
        #expect(error?.code == .ioFailure)
    }

    /// In a process of its own, because the limit on the size of files, which stands in for a full drive, is for all of
    /// a process.
    @Test func `a failed commit stops all later ones while reads go on`() async {
        await #expect(processExitsWith: .success) {
            let directory = TemporaryDirectory()
            let path = directory.file("metadata")
            let store = try RocksDBMetadataStore.open(directory: path)
            try store.put(.objects, [([1], [1])])
            signal(SIGXFSZ, SIG_IGN)
            try limitFileSize(to: 64 << 10)
            let value = PatternContent(seed: 1).bytes(0..<200_000)
            let first = failure { () throws(MetadataError) in try store.put(.objects, [([2], value)]) }
            try limitFileSize(to: nil)

            try #require(first?.code == .noSpace, "\(first?.message ?? "no error")")
            let second = failure { () throws(MetadataError) in try store.put(.objects, [([3], [3])]) }
            try #require(second?.code == .failed)
            try #require(store.get(.objects, [1]) == [1])
            try #require(store.get(.objects, [2]) == nil)
            try #require(store.keys(.objects) == [[1]])
            store.close()

            let next = try RocksDBMetadataStore.open(directory: path)
            try #require(next.get(.objects, [1]) == [1])
            try next.put(.objects, [([3], [3])])
            try #require(next.get(.objects, [3]) == [3])
        }
    }

    @Test func `a cursor may outlive the store`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        let store = try RocksDBMetadataStore.open(directory: path)
        try store.put(.objects, [([1], [1]), ([2], [2])])
        do {
            let cursor = try store.cursor(.objects, from: [], until: [9])
            store.close()
            #expect(failure { () throws(MetadataError) in _ = try RocksDBMetadataStore.open(directory: path) } != nil)
            #expect(try cursor.remainingKeys() == [[1], [2]])
        }
        _ = try RocksDBMetadataStore.open(directory: path)
    }

    /// In a process of its own, where nothing else allocates.
    @Test func `memory does not grow with the number of calls`() async {
        await #expect(processExitsWith: .success) {
            let directory = TemporaryDirectory()
            let store = try RocksDBMetadataStore.open(directory: directory.file("metadata"))
            let value = [UInt8](repeating: 7, count: 4_000)
            try store.put(.objects, [([1], value), ([2], value), ([3], value)])
            func round() throws {
                for _ in 0..<2_000 {
                    _ = try store.get(.objects, [1])
                    _ = try store.get(.objects, [9])
                    _ = try store.getIfCached(.objects, [2])
                    let cursor = try store.cursor(.objects, from: [1], until: [3, 0])
                    try cursor.seek(to: [2])
                    _ = try cursor.remainingKeys()
                }
            }
            try round()
            let before = try residentByteCount()
            for _ in 0..<10 { try round() }
            // 80,000 calls: a status or a slice that leaked in each would be more than 4 MB.
            let grown = try residentByteCount() - before
            try #require(grown < 2 << 20, "\(grown) bytes")
        }
    }

    @Test func `RocksDB writes no log for people`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("metadata")
        for _ in 0..<3 { try RocksDBMetadataStore.open(directory: path).close() }
        #expect(try !LinuxFileSystem().list(path).contains { $0.hasPrefix("LOG") })
    }
}

/// Nil: the limit the process began with.
private func limitFileSize(to byteCount: Int?) throws {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    try #require(getrlimit(resource, &limit) == 0)
    limit.rlim_cur = byteCount.map { rlim_t($0) } ?? limit.rlim_max
    try #require(setrlimit(resource, &limit) == 0)
}

private func residentByteCount() throws -> Int {
    let stream = try #require(fopen("/proc/self/statm", "r"))
    defer { fclose(stream) }
    var line = [CChar](repeating: 0, count: 128)
    try #require(fgets(&line, 128, stream) != nil)
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    return pages * 4_096
}
