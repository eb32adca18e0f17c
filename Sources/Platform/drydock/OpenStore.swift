// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import Glibc
import MetadataStore
import ObjectStore
import PlatformKit
import StorageTypes

/// The real parts an object store is made of, opened on a directory that this process holds.
struct StoreParts {
    let configuration: ObjectStoreConfiguration
    let fileSystem = LinuxFileSystem()
    let metadata: RocksDBMetadataStore
    let clock = SystemClock()
    let reserve: SpaceReserve
    /// The reserve had to go so that the metadata could be opened.
    let hasUsedReserve: Bool

    init(_ directory: DataDirectory, metadataCacheByteCount: Int) throws {
        var configuration = ObjectStoreConfiguration(dataDirectory: directory.path)
        var options = RocksDBConfiguration()
        options.blockCacheByteCount = metadataCacheByteCount
        reserve = SpaceReserve(dataDirectory: directory.path, byteCount: UInt64(options.openingByteCount))
        configuration.engine.giveUpReserve = { [reserve] in reserve.remove() }
        configuration.engine.availableMemory = SystemMemory.availableByteCount
        self.configuration = configuration
        do {
            (metadata, hasUsedReserve) = try Self.openMetadata(directory, options, reserve)
        } catch {
            throw ConfigurationProblem("can't open the metadata of \(directory.path): \(error.message)")
        }
    }

    /// A few records and files are written by each start, the metadata apart.
    private static let startingByteCount: UInt64 = 4 << 20

    private static func openMetadata(
        _ directory: DataDirectory,
        _ options: RocksDBConfiguration,
        _ reserve: SpaceReserve
    ) throws(MetadataError) -> (RocksDBMetadataStore, hasUsedReserve: Bool) {
        // RocksDB would begin anew, over what is left of a damaged directory, and the packs would be nobody's.
        guard access(directory.metadata + "/CURRENT", F_OK) == 0 || access(directory.packs, F_OK) != 0 else {
            throw MetadataError(.corrupted, "\(directory.metadata)/CURRENT is missing, but not the packs: restore it")
        }
        let hasUsedReserve = reserve.remove(ifFreeBelow: startingByteCount)
        func open() throws(MetadataError) -> RocksDBMetadataStore {
            try RocksDBMetadataStore.open(
                directory: directory.metadata,
                keptLogs: directory.kept,
                configuration: options
            )
        }
        do throws(MetadataError) {
            return (try open(), hasUsedReserve)
        } catch {
            guard error.code == .noSpace, reserve.remove() else { throw error }
            return (try open(), true)
        }
    }

    func openStore(_ workers: WorkerPool) throws -> ObjectStore {
        do {
            return try ObjectStore.open(
                configuration,
                fileSystem: fileSystem,
                metadata: metadata,
                workers: workers,
                clock: clock,
                random: SystemRandomSource()
            )
        } catch {
            throw ConfigurationProblem("can't open the store: \(error)")
        }
    }
}
