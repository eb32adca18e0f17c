// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import MetadataStore
import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// A store on a simulated machine, whose every operation runs in place and in order.
struct StoreFixture {
    let machine: SimulatedMachine
    let clock: ManualClock
    let metadata: any MetadataStore
    let store: ObjectStore

    /// - Parameter interposed: what the store gets in place of the machine's metadata.
    init(
        machine: SimulatedMachine = SimulatedMachine(seed: 1),
        isSmall: Bool = false,
        interposed: (any MetadataStore) -> any MetadataStore = { $0 }
    ) throws {
        self.machine = machine
        self.clock = ManualClock()
        self.metadata = interposed(try machine.openMetadata())
        self.store = try ObjectStore.open(
            Self.configuration(isSmall: isSmall),
            fileSystem: machine.fileSystem,
            metadata: metadata,
            workers: .inline,
            clock: clock,
            random: SeededRandom(seed: 7),
        )
    }

    /// A store that has the bucket `bucket`.
    static func withBucket(_ machine: SimulatedMachine = SimulatedMachine(seed: 1)) async throws -> StoreFixture {
        let fixture = try StoreFixture(machine: machine)
        _ = try await fixture.store.createBucket(photos, owner: "main", region: "us-east-1")
        return fixture
    }

    /// Small: inline to 64 bytes, one chunk to 1 KiB, recipes committed every four chunks, so that a few KiB go every way
    /// that gigabytes go.
    static func configuration(isSmall: Bool) -> ObjectStoreConfiguration {
        var engine = EngineConfiguration(dataDirectory: SimulatedMachine.dataDirectory)
        if isSmall {
            engine.inlineByteCountMax = 64
            engine.wholeChunkByteCountMax = 1_024
            engine.chunkSizes = ChunkSizes(byteCountMin: 256, byteCountNormal: 512, byteCountMax: 1_024)
            engine.segmentEntryCountMax = 4
            engine.blockByteCount = 2_048
        }
        return ObjectStoreConfiguration(engine: engine)
    }
}

extension StoreFixture {
    /// Asks the checker, which must find nothing.
    func expectSound(_ label: String = "", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try ObjectStoreMaintenance.fsck(
            store.configuration,
            fileSystem: machine.fileSystem,
            metadata: metadata,
        )
        #expect(report.isClean, "\(label): \(report)", sourceLocation: sourceLocation)
    }
}

let photos = BucketName(stored: "photos")

func key(_ text: String) -> ObjectKey { ObjectKey(stored: [UInt8](text.utf8)) }

/// Bytes that follow from a seed.
func content(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    PatternContent(seed: seed).bytes(0..<UInt64(count))
}

extension ObjectStore {
    @discardableResult
    func put(
        _ name: String,
        _ bytes: [UInt8],
        metadata: ObjectMetadata = ObjectMetadata(),
        condition: WriteCondition = .none,
        into target: BucketName = photos
    ) async throws(StoreError) -> PutObjectResult {
        let request = PutObjectRequest(bucket: target, key: key(name), metadata: metadata, condition: condition)
        return try await putObject(request, body: BufferBody(ByteBuffer(bytes: bytes)))
    }

    func get(_ name: String, from source: BucketName = photos) async throws(StoreError) -> [UInt8] {
        let object = try await openObject(bucket: source, key: key(name))
        return try await object.bytes()
    }

    func info(_ name: String, in source: BucketName = photos) async throws(StoreError) -> ObjectInfo {
        try await openObject(bucket: source, key: key(name)).info
    }

    func delete(_ name: String, condition: WriteCondition = .none) async throws(StoreError) {
        try await deleteObject(bucket: photos, DeleteRequest(key: key(name), condition: condition))
    }

    func copy(
        _ source: String,
        to target: String,
        metadata: ObjectMetadata? = nil,
        condition: WriteCondition = .none,
        check: @escaping @Sendable (ObjectInfo) throws(StoreError) -> Void = { _ throws(StoreError) in }
    ) async throws(StoreError) -> PutObjectResult {
        let request = CopyObjectRequest(
            source: (photos, key(source)),
            sourceCheck: check,
            bucket: photos,
            key: key(target),
            replacementMetadata: metadata,
            condition: condition,
        )
        return try await copyObject(request)
    }

    func upload(
        _ name: String,
        metadata: ObjectMetadata = ObjectMetadata(),
        checksum: UploadChecksum? = nil
    ) async throws(StoreError) -> UploadReference {
        let request = CreateUploadRequest(bucket: photos, key: key(name), metadata: metadata, checksum: checksum)
        return UploadReference(bucket: photos, key: key(name), uploadID: try await createUpload(request).uploadID)
    }

    @discardableResult
    func part(
        _ upload: UploadReference,
        _ number: Int,
        _ bytes: [UInt8],
        checksum: ChecksumAlgorithm? = nil
    ) async throws(StoreError) -> PartInfo {
        try await uploadPart(
            upload,
            number: number,
            digests: DigestRequest(checksum: checksum),
            expectedSize: nil,
            body: BufferBody(ByteBuffer(bytes: bytes)),
        )
    }

    func complete(
        _ upload: UploadReference,
        _ parts: [PartInfo],
        condition: WriteCondition = .none,
        partSizeMin: UInt64 = 0
    ) async throws(StoreError) -> PutObjectResult {
        let request = CompleteUploadRequest(
            upload: upload,
            parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag, checksum: $0.checksum) },
            condition: condition,
            partSizeMin: partSizeMin,
        )
        return try await completeUpload(request)
    }

    /// All keys, by pages of `limit`.
    func keys(limit: Int = 1_000) async throws(StoreError) -> [String] {
        var keys: [String] = []
        var request = ListRequest(bucket: photos, limit: limit)
        while true {
            let page = try await listObjects(request)
            keys += page.objects.map(\.key.string)
            guard let next = page.next else { return keys }
            request.after = next
        }
    }
}

extension OpenedObject {
    func bytes(_ range: Range<UInt64>? = nil) async throws(StoreError) -> [UInt8] {
        let body = read(range ?? 0..<info.size)
        var bytes: [UInt8] = []
        while let piece = try await body.next() { bytes += piece.readableBytesView }
        return bytes
    }
}
