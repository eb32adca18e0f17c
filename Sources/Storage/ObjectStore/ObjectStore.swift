// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine
import ChunkFormat
package import FileStore
package import MetadataStore
package import StorageTypes
import Synchronization

/// The object store of one data directory: S3's data model on the chunk engine and the metadata tables.
///
/// Nothing runs in the background and nothing is remembered between calls but the bucket table. Every change is one
/// closure on the engine's commit pipeline, where closures run one after the other: so what a closure reads there still
/// holds when its changes become durable, and conditions need no locks.
package final class ObjectStore: ObjectStoring {
    package let configuration: ObjectStoreConfiguration
    let engine: ChunkEngine
    let metadata: any MetadataStore
    let workers: WorkerPool
    let random: any RandomSource
    let buckets: BucketTable
    let damagedUploads = Atomic(0)

    private init(
        configuration: ObjectStoreConfiguration,
        engine: ChunkEngine,
        workers: WorkerPool,
        random: any RandomSource,
        buckets: BucketTable
    ) {
        self.configuration = configuration
        self.engine = engine
        self.metadata = engine.metadata
        self.workers = workers
        self.random = random
        self.buckets = buckets
    }

    /// Recovers the engine and reads the buckets. Blocks.
    /// - Throws: `unavailable` when the directory can't be used, `corrupted` for a bucket record that can't be read.
    package static func open(
        _ configuration: ObjectStoreConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        workers: WorkerPool,
        clock: any WallClock,
        random: any RandomSource
    ) throws(StoreError) -> ObjectStore {
        let engine = try ChunkEngine.open(
            configuration.engine,
            fileSystem: fileSystem,
            metadata: metadata,
            workers: workers,
            clock: clock,
        )
        return ObjectStore(
            configuration: configuration,
            engine: engine,
            workers: workers,
            random: random,
            buckets: BucketTable(try BucketLoader.load(metadata)),
        )
    }

    /// Waits for the commits under way, then closes the engine. Nothing is called afterwards.
    package func shutdown() async {
        await engine.shutdown()
    }
}
