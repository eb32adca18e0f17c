// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes

/// Opens stores over RocksDB in directories of a real drive.
enum StoreOnDisk {
    static func open(
        _ directory: TemporaryDirectory,
        workers: WorkerPool = .inline
    ) throws -> (RocksDBMetadataStore, ObjectStore) {
        let metadata = try openMetadata(directory)
        do {
            let store = try ObjectStore.open(
                ObjectStoreConfiguration(dataDirectory: directory.path),
                fileSystem: LinuxFileSystem(),
                metadata: metadata,
                workers: workers,
                clock: ManualClock(),
                random: SystemRandomSource(),
            )
            return (metadata, store)
        } catch {
            metadata.close()
            throw error
        }
    }

    static func openMetadata(_ directory: TemporaryDirectory) throws -> RocksDBMetadataStore {
        try RocksDBMetadataStore.open(directory: directory.file("metadata"), keptLogs: directory.file("kept"))
    }

    /// Has a store open while `body` runs.
    ///
    /// - Parameter stopping: false leaves the log, as when the process is killed.
    static func with(
        _ directory: TemporaryDirectory,
        stopping: Bool = true,
        _ body: (ObjectStore, RocksDBMetadataStore) async throws -> Void
    ) async throws {
        let (metadata, store) = try open(directory)
        let result: Result<Void, any Error>
        do {
            try await body(store, metadata)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await store.shutdown()
        if stopping { metadata.close() }
        try result.get()
    }
}
