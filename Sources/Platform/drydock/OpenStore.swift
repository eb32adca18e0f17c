// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import Glibc
import MetadataStore
import ObjectStore
import PlatformKit
import StorageTypes

/// The system's wall clock.
struct SystemClock: WallClock {
    func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// The real parts an object store is made of, opened on a directory that this process holds.
struct StoreParts {
    let configuration: ObjectStoreConfiguration
    let fileSystem = LinuxFileSystem()
    let metadata: RocksDBMetadataStore
    let clock = SystemClock()

    init(_ directory: DataDirectory, metadataCacheByteCount: Int) throws {
        configuration = ObjectStoreConfiguration(dataDirectory: directory.path)
        var options = RocksDBConfiguration()
        options.blockCacheByteCount = metadataCacheByteCount
        do {
            metadata = try RocksDBMetadataStore.open(directory: directory.path + "/metadata", configuration: options)
        } catch {
            throw ConfigurationProblem("can't open the metadata of \(directory.path): \(error.message)")
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
