// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes
import Synchronization

/// What the parts of an engine share.
final class EngineParts: Sendable {
    let configuration: EngineConfiguration
    let fileSystem: any FileSystem
    let metadata: any MetadataStore
    let workers: WorkerPool
    let clock: any WallClock
    let packs: PackStore
    let packFiles: PackFileCache
    let space: SpaceGuard
    let contentIDs: ContentIDs
    /// Nothing is collected: what records that were lost may have named is not garbage.
    let keepsUnknown: Bool
    let inFlight = InFlightChunks()
    let pins = ContentPins()
    let blocks: BlockPool
    let runs = PackRunPool()
    let compressors: CompressorPool
    let decompressors = DecompressorPool()
    let readBuffers: ReadBufferPool
    let recentGroups = RecentGroups()
    let readerCount = Atomic(0)
    let prefetcher = Prefetcher()
    let md5Lanes = MD5Lanes()
    let health = EngineHealth()
    let collections = OneAtATime("garbage collection", GCReport())
    let treatedPacks = TreatedPacks()
    let failedMoves = FailedReads()
    let inlineGarbage = InlineGarbage()
    let joins = OneAtATime("joining of parts", ())
    /// The content whose parts were the last to be joined, or to stay as they are.
    let lastTriedJoin = Atomic<UInt64>(0)
    let failedJoins = FailedReads()
    let scrubs = OneAtATime("scrub", ScrubTotals())
    let quarantine: Quarantine

    init(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        workers: WorkerPool,
        clock: any WallClock,
        recovered: RecoveredState
    ) {
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.metadata = metadata
        self.workers = workers
        self.clock = clock
        let layout = EngineLayout(dataDirectory: configuration.dataDirectory)
        space = SpaceGuard(fileSystem, configuration, clock: clock)
        packs = PackStore(
            layout: layout,
            fileSystem: fileSystem,
            packByteCountMax: configuration.packByteCountMax,
            space: space,
            clock: clock,
            recovered: recovered.packs
        )
        packFiles = PackFileCache(
            packs: packs,
            fileSystem: fileSystem,
            fileCountMax: configuration.openPackFileCountMax
        )
        contentIDs = ContentIDs(generation: recovered.generation)
        quarantine = Quarantine(knownCountMax: configuration.damageCountMax)
        keepsUnknown = recovered.keepsUnknown
        blocks = BlockPool(
            carryByteCountMax: configuration.cutByteCountMax,
            blockByteCount: configuration.blockByteCount
        )
        compressors = CompressorPool(level: configuration.compressionLevel)
        let chunkByteCountMax = max(configuration.readByteCountMax, PackFormat.chunkByteCountMax)
        readBuffers = ReadBufferPool(byteCountMax: PackFormat.frameHeaderByteCount + chunkByteCountMax)
    }
}

extension EngineParts {
    /// Makes the metadata of a stopped store, and so its backups, say exactly which packs it can know. Blocks.
    ///
    /// Best effort: without it the reservation that is there stays, and up to so many packs more are taken for leftovers.
    func giveBackPackIDs() {
        guard health.refusal == nil, let nextID = packs.endReservation() else { return }
        var batch = MetadataBatch()
        let sequence = SequenceRecord(generation: contentIDs.generation, nextPack: nextID)
        batch.put(.system, EngineKeys.sequence, sequence.encoded)
        try? metadata.commit(batch)
    }
}

/// Content ids: 24 bits of the start's number, then a count, so that no id needs a sync of its own.
final class ContentIDs: Sendable {
    let generation: UInt32
    private let nextID: Atomic<UInt64>

    init(generation: UInt32) {
        self.generation = generation
        nextID = Atomic((UInt64(generation) << 40) + 1)
    }

    func next() -> UInt64 {
        nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

/// Whether the engine may still write: after a failed sync or commit nobody knows what is on the drive.
final class EngineHealth: Sendable {
    private let failure = Mutex<StoreError?>(nil)

    /// What writes are refused with; nil while all is well.
    var refusal: StoreError? { failure.withLock { $0 } }

    func check() throws(StoreError) {
        if let refusal { throw refusal }
    }

    /// The first failure decides what later writes are told.
    func fail(_ error: StoreError) {
        failure.withLock { failure in
            guard failure == nil else { return }
            let code: StoreError.Code = error.code == .insufficientStorage ? .insufficientStorage : .unavailable
            failure = StoreError(
                code,
                "writes are refused since an earlier one failed",
                diagnosis: error.diagnosis ?? "\(error)"
            )
        }
    }
}
