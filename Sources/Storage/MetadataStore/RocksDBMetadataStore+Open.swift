// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Glibc

extension RocksDBMetadataStore {
    /// Opens the store in `directory`, whose parent must exist, and makes it if it is missing.
    ///
    /// Blocks: replays the log after a crash. Errors: `locked` when it is open already, here or in another process;
    /// `corrupted`, `unsupportedFormat`, `noSpace`, `ioFailure`.
    ///
    /// - Parameter keptLogs: the folder beside `directory` that keeps the logs as they were when one of them is damaged; made
    ///   then, and durable before anything is changed. Nil: they go with what stands behind the damage.
    package static func open(
        directory: String,
        keptLogs: String? = nil,
        configuration: RocksDBConfiguration = RocksDBConfiguration()
    ) throws(MetadataError) -> RocksDBMetadataStore {
        let isNew = access(directory + "/CURRENT", F_OK) != 0
        try checkFileList(directory)
        let logs = try logState(directory)
        var logDamage = logs.damage
        if logDamage == nil {
            do throws(MetadataError) {
                let handle = try openHandle(directory, RocksDBOptions(configuration, acceptsDamagedLog: false))
                if isNew { try syncDirectory(directory + "/..") }
                return RocksDBMetadataStore(handle, directory: directory)
            } catch {
                guard error.code == .corrupted else { throw error }
                let gap = try logGap()
                // A lost end is none, but logs before it may have a gap, and that comes first.
                logDamage = logs.hasLostEnd ? gap : gap ?? error.message
            }
        }
        var kept: [String] = []
        if logDamage != nil, let keptLogs { kept = try keepLogs(of: directory, in: keptLogs) }
        // If it is the log, the store can go on without what stands behind the damage; if it is more, this throws, too. The other
        // way of opening would go on behind a damaged length in a log that is not the last.
        do throws(MetadataError) {
            let handle = try openHandle(directory, RocksDBOptions(configuration, acceptsDamagedLog: true))
            return RocksDBMetadataStore(handle, directory: directory, logDamage: logDamage)
        } catch {
            // Nothing was changed, and when the store opens again all is as it was.
            for path in kept.reversed() { remove(path) }
            guard error.code == .corrupted, let logDamage, logDamage != error.message else { throw error }
            throw MetadataError(.corrupted, "\(logDamage), and tables have later changes: \(error.message)")
        }
    }

    /// RocksDB deletes logs when it has made tables of what it could read. A second name costs no room.
    ///
    /// - Returns: the names that were made, that of the folder first. It may have been there: a start that found the metadata older
    ///   than the packs makes it, too.
    private static func keepLogs(of directory: String, in kept: String) throws(MetadataError) -> [String] {
        let logs = try RocksDBFiles.logs(in: directory)
        guard !logs.isEmpty else { return [] }
        var made: [String] = []
        if mkdir(kept, 0o700) == 0 {
            made.append(kept)
        } else if errno != EEXIST {
            throw MetadataError(.ioFailure, "a log is damaged, and \(kept) can't be made to keep it: errno \(errno)")
        }
        for name in logs {
            if let path = try keep(directory + "/" + name, as: kept + "/" + name) { made.append(path) }
        }
        try syncDirectory(kept)
        try syncDirectory(kept + "/..")
        return made
    }

    /// Nil when it is kept already.
    private static func keep(_ log: String, as path: String) throws(MetadataError) -> String? {
        if link(log, path) == 0 { return path }
        var (own, kept) = (stat(), stat())
        if errno == EEXIST, stat(log, &own) == 0, stat(path, &kept) == 0 {
            if own.st_ino == kept.st_ino { return nil }
            // The numbers of logs come again with metadata from a backup.
            let other = "\(path).\(own.st_ino)"
            if link(log, other) == 0 { return other }
            // A person has put a copy there, where the file system has no second names.
            if [EEXIST, EPERM, EOPNOTSUPP].contains(errno) { return nil }
        }
        throw MetadataError(
            .ioFailure,
            "\(log) is damaged or stands behind damage, and can't be kept as \(path): errno \(errno)"
        )
    }

    /// RocksDB would go on with as many files as stand before a damaged length, and delete the others.
    private static func checkFileList(_ directory: String) throws(MetadataError) {
        // What is wrong with `CURRENT` itself RocksDB finds.
        guard let name = RocksDBFiles.contents(of: "CURRENT", in: directory)?.dropLast(), name.hasPrefix("MANIFEST-"),
            case .damaged(let offset) = try RocksDBLogFile.flaw(in: "\(directory)/\(name)", isList: true)
        else { return }
        throw MetadataError(.corrupted, "\(name) is damaged at byte \(offset)")
    }

    /// RocksDB tells of other damage to a log, but takes a damaged length for the end. Reads what the last run had not made tables of.
    ///
    /// - Returns: with a lost end, nobody was promised what stands there.
    private static func logState(_ directory: String) throws(MetadataError) -> (damage: String?, hasLostEnd: Bool) {
        let logs = try RocksDBFiles.logs(in: directory).map { "\(directory)/\($0)" }
        for (index, log) in logs.enumerated() {
            switch try RocksDBLogFile.flaw(in: log) {
            // What is missing from the end of one that is not the last, RocksDB finds (`logGap`).
            case nil, .torn: continue
            case .lost(let offset):
                var isFollowed = false
                for later in logs[(index + 1)...] where !isFollowed {
                    isFollowed = try RocksDBLogFile.holdsBatch(later)
                }
                return isFollowed ? ("\(log) is damaged at byte \(offset)", false) : (nil, true)
            case .damaged(let offset): return ("\(log) is damaged at byte \(offset)", false)
            }
        }
        return (nil, false)
    }

    /// What the last try to open a database has found missing between two logs.
    ///
    /// - Throws: `corrupted` when some tables have it and others do not.
    private static func logGap() throws(MetadataError) -> String? {
        var tablesAreAhead = false
        let log = drydock_rocksdb_log_gap(&tablesAreAhead)
        guard log > 0 else { return nil }
        let reason = "a log is cut short, for log \(log) does not go on where the one before it ends"
        if tablesAreAhead { throw MetadataError(.corrupted, "\(reason), and tables have later changes") }
        return reason
    }

    private static func openHandle(
        _ directory: String,
        _ options: borrowing RocksDBOptions
    ) throws(MetadataError) -> RocksDBHandle {
        let count = MetadataTable.allCases.count
        var tables = [OpaquePointer?](repeating: nil, count: count)
        let names = MetadataTable.allCases.map { strdup($0.columnFamilyName) }
        defer { for name in names { free(name) } }
        let (databaseOptions, tableOptions) = (options.database, options.tables)
        let database = try MetadataError.checked { status in
            rocksdb_open_column_families(
                databaseOptions,
                directory,
                Int32(count),
                names.map { UnsafePointer($0) },
                tableOptions.map { Optional($0) },
                &tables,
                status
            )
        }
        guard let database else { throw MetadataError(.ioFailure, "RocksDB gave neither a database nor an error") }
        return RocksDBHandle(database: database, tables: tables.compactMap { $0 })
    }

    /// RocksDB syncs its own directory but not the name of it.
    private static func syncDirectory(_ path: String) throws(MetadataError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MetadataError(.ioFailure, "can't open \(path): errno \(errno)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw MetadataError(.ioFailure, "can't sync \(path): errno \(errno)")
        }
    }
}

extension MetadataTable {
    /// On disk: never to be changed. RocksDB insists on one family with the name `default`.
    var columnFamilyName: String {
        switch self {
        case .system: "default"
        case .objects: "objects"
        case .versions: "versions"
        case .uploads: "uploads"
        case .contents: "contents"
        case .chunks: "chunks"
        case .inline: "inline"
        }
    }
}
