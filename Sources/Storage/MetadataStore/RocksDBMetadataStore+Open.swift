// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB
import Glibc

extension RocksDBMetadataStore {
    /// Opens the store in `directory`, whose parent must exist, and makes it if it is missing.
    ///
    /// Blocks: replays the log after a crash. Errors: `locked` when it is open already, here or in another process;
    /// `corrupted`, `unsupportedFormat`, `noSpace`, `ioFailure`.
    package static func open(
        directory: String,
        configuration: RocksDBConfiguration = RocksDBConfiguration()
    ) throws(MetadataError) -> RocksDBMetadataStore {
        let isNew = access(directory + "/CURRENT", F_OK) != 0
        let options = RocksDBOptions(configuration)
        let count = MetadataTable.allCases.count
        var tables = [OpaquePointer?](repeating: nil, count: count)
        let names = MetadataTable.allCases.map { strdup($0.columnFamilyName) }
        defer { for name in names { free(name) } }
        let database = try MetadataError.checked { status in
            rocksdb_open_column_families(
                options.database,
                directory,
                Int32(count),
                names.map { UnsafePointer($0) },
                options.tables.map { Optional($0) },
                &tables,
                status
            )
        }
        guard let database else { throw MetadataError(.ioFailure, "RocksDB gave neither a database nor an error") }
        let store = RocksDBMetadataStore(RocksDBHandle(database: database, tables: tables.compactMap { $0 }))
        if isNew { try syncParent(of: directory) }
        return store
    }

    /// RocksDB syncs its own directory but not the name of it.
    private static func syncParent(of directory: String) throws(MetadataError) {
        let descriptor = Glibc.open(directory + "/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { Glibc.close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw MetadataError(.ioFailure, "can't sync the parent of \(directory): errno \(errno)")
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
