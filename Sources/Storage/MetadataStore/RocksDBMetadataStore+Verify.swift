// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Glibc
import Synchronization

extension RocksDBMetadataStore {
    /// Blob files have a checksum per value, which reading the value compares.
    package func verify(until stop: StopSign) throws(MetadataError) {
        checkNotClosed()
        for table in handle.tables {
            try MetadataError.checked { status in
                stop.withFlag { drydock_rocksdb_verify_checksums(handle.database, table, $0, status) }
            }
            try stop.check()
        }
        try verifyFileList()
        try verifyLogs()
    }

    /// The next start follows `CURRENT` to the list of files.
    private func verifyFileList() throws(MetadataError) {
        var mismatch: MetadataError?
        for attempt in 0..<3 {
            if attempt > 0 { usleep(100_000) }
            var byteCount: UInt64 = 0
            let name = try fileList(&byteCount)
            let current = RocksDBFiles.contents(of: "CURRENT", in: directory)
            let flaw = try RocksDBLogFile.flaw(in: directory + "/" + name, byteCount: Int(byteCount), isList: true)
            // Another one may have been begun in between.
            if try fileList(&byteCount) != name { continue }
            guard current == name + "\n" else {
                // Or RocksDB has named the next one there and is about to use it.
                mismatch = MetadataError(.corrupted, "CURRENT does not name \(name)")
                continue
            }
            if let flaw { throw MetadataError(.corrupted, "\(name) is damaged: \(flaw)") }
            return
        }
        if let mismatch { throw mismatch }
    }

    private func fileList(_ byteCount: inout UInt64) throws(MetadataError) -> String {
        let name = try MetadataError.checked { status in
            drydock_rocksdb_file_list(handle.database, &byteCount, status)
        }
        guard let name else { throw MetadataError(.ioFailure, "RocksDB names no list of files") }
        defer { rocksdb_free(name) }
        return String(cString: name)
    }

    /// What the logs hold is in memory as well, until the process ends: damage is found only here before a start meets it.
    private func verifyLogs() throws(MetadataError) {
        for name in try RocksDBFiles.logs(in: directory) {
            let commits = logWrites.finished.load(ordering: .sequentiallyConsistent)
            guard let flaw = try RocksDBLogFile.flaw(in: directory + "/" + name) else { continue }
            // What is deleted is cut short, but under another name.
            if access(directory + "/" + name, F_OK) != 0 { continue }
            // The end of a log that is being written may be seen half written, and a commit that failed may have left it so.
            let isWriting = commits != logWrites.begun.load(ordering: .sequentiallyConsistent)
            if isWriting || hasFailed {
                if case .damaged = flaw {} else { continue }
            }
            throw MetadataError(.corrupted, "\(name) is damaged: \(flaw)")
        }
    }
}

/// Writes of the log: as many have ended as begun when none is under way.
struct LogWrites: ~Copyable {
    let begun = Atomic<UInt64>(0)
    let finished = Atomic<UInt64>(0)
}

/// The files of a database, by name.
enum RocksDBFiles {
    /// Nil when it can't be read.
    static func contents(of name: String, in directory: String) -> String? {
        let descriptor = open(directory + "/" + name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Sorted; none where no directory is.
    static func logs(in directory: String) throws(MetadataError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw MetadataError(.ioFailure, "can't list \(directory): errno \(errno)")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw MetadataError(.ioFailure, "can't list \(directory): errno \(errno)") }
                return names.sorted()
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".log") { names.append(name) }
        }
    }
}
