// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import OCIModel
import RegistryStore
import StorageTypes
import Synchronization

/// An object store of dictionaries that can break at any write: the model of what the registry may rely on.
///
/// Conditions and parts are judged as S3 does; entity tags are numbers, because nothing here needs an MD5.
final class MemoryStore: ObjectStoring {
    struct Stored: Sendable {
        var info: ObjectInfo
        var bytes: [UInt8]
    }

    struct Upload: Sendable {
        var info: UploadInfo
        var parts: [Int: (info: PartInfo, bytes: [UInt8])] = [:]
    }

    struct State: Sendable {
        var buckets: Set<BucketName> = []
        var objects: [ObjectKey: Stored] = [:]
        var uploads: [String: Upload] = [:]
        var serial: UInt64 = 0
        var writeCount = 0
        /// Writes from this one on fail, as if the process had stopped.
        var failsFrom: Int?
        /// Objects on bad sectors.
        var unreadable: Set<ObjectKey> = []
    }

    /// Pieces of objects, by the kind of thread that asked for them.
    struct Reads: Sendable, Hashable {
        var onLoops = 0
        var elsewhere = 0
    }

    let state = Mutex<State>(State())
    let reads = Mutex(Reads())
    let clock: TestClock

    init(clock: TestClock) {
        self.clock = clock
    }

    var writeCount: Int { state.withLock { $0.writeCount } }
    var keys: [String] { state.withLock { $0.objects.keys.sorted().map(\.string) } }
    var uploadCount: Int { state.withLock { $0.uploads.count } }

    func fail(from write: Int?) {
        state.withLock { state in
            state.failsFrom = write
            state.writeCount = 0
        }
    }

    private func write<Value>(
        _ body: (inout State, ETag) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result = state.withLock { state -> Result<Value, StoreError> in
            state.writeCount += 1
            if let limit = state.failsFrom, state.writeCount > limit { return .failure(StoreError(.unavailable)) }
            state.serial += 1
            let serial = state.serial
            let etag = ETag(bytes: (0..<16).map { $0 < 8 ? UInt8(truncatingIfNeeded: serial >> UInt64($0 * 8)) : 0 })
            do throws(StoreError) { return .success(try body(&state, etag)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func read(_ body: any ObjectBody) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await body.next() { bytes.append(contentsOf: piece.readableBytesView) }
        let expected = try body.expectations()
        if let sha256 = expected.sha256, RunningDigest.digest(.sha256, of: bytes).bytes != sha256.bytes {
            throw StoreError(.payloadHashMismatch)
        }
        return bytes
    }

    private static func check(_ condition: WriteCondition, _ current: Stored?) throws(StoreError) {
        switch condition.ifMatch {
        case .none: break
        case .any: guard current != nil else { throw StoreError(.noSuchKey) }
        case .etags(let tags):
            guard let current else { throw StoreError(.noSuchKey) }
            guard tags.contains(current.info.etag) else { throw StoreError(.preconditionFailed) }
        }
        if condition.ifNoneMatch != nil, current != nil { throw StoreError(.preconditionFailed) }
    }

    @discardableResult
    private func store(
        _ bytes: [UInt8],
        _ key: ObjectKey,
        _ metadata: ObjectMetadata,
        _ etag: ETag,
        _ state: inout State
    ) -> PutObjectResult {
        let now = clock.now()
        let size = UInt64(bytes.count)
        let info = ObjectInfo(key: key, size: size, etag: etag, lastModified: now, metadata: metadata)
        state.objects[key] = Stored(info: info, bytes: bytes)
        return PutObjectResult(etag: etag, size: size, lastModified: now)
    }

    // MARK: Buckets

    func listBuckets() async throws(StoreError) -> [BucketInfo] { [] }

    func createBucket(_ name: BucketName, owner: String, region: String) async throws(StoreError) -> BucketInfo {
        let isNew = state.withLock { $0.buckets.insert(name).inserted }
        guard isNew else { throw StoreError(.bucketAlreadyOwnedByYou) }
        return BucketInfo(name: name, created: clock.now(), owner: owner, region: region)
    }

    func bucket(_ name: BucketName) async throws(StoreError) -> BucketInfo { throw StoreError(.noSuchBucket) }
    func deleteBucket(_ name: BucketName) async throws(StoreError) {}
    func setBucketPolicy(_ policy: String?, of name: BucketName) async throws(StoreError) {}

    // MARK: Objects

    func putObject(_ request: PutObjectRequest, body: any ObjectBody) async throws(StoreError) -> PutObjectResult {
        let bytes = try await read(body)
        return try write { (state, etag) throws(StoreError) in
            try Self.check(request.condition, state.objects[request.key])
            return store(bytes, request.key, request.metadata, etag, &state)
        }
    }

    private func opened(_ key: ObjectKey) throws(StoreError) -> MemoryObject {
        let (stored, isUnreadable) = state.withLock { ($0.objects[key], $0.unreadable.contains(key)) }
        if isUnreadable { throw StoreError(.ioFailure) }
        guard let stored else { throw StoreError(.noSuchKey) }
        return MemoryObject(stored, of: self)
    }

    func openObject(bucket: BucketName, key: ObjectKey) async throws(StoreError) -> any OpenedObject {
        try opened(key)
    }

    /// Everything is in memory, so the answer is always known.
    func openObjectIfCached(bucket: BucketName, key: ObjectKey) throws(StoreError) -> (any OpenedObject)? {
        try opened(key)
    }

    fileprivate func noteRead() {
        let isOnLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
        reads.withLock { reads in
            if isOnLoop { reads.onLoops += 1 } else { reads.elsewhere += 1 }
        }
    }

    func deleteObject(bucket: BucketName, _ request: DeleteRequest) async throws(StoreError) {
        try write { (state, _) throws(StoreError) in state.objects[request.key] = nil }
    }

    func deleteObjects(bucket: BucketName, _ requests: [DeleteRequest]) async throws(StoreError) -> [StoreError?] {
        try write { (state, _) throws(StoreError) in
            for request in requests { state.objects[request.key] = nil }
            return requests.map { _ in nil }
        }
    }

    func copyObject(_ request: CopyObjectRequest) async throws(StoreError) -> PutObjectResult {
        try write { (state, etag) throws(StoreError) in
            guard let source = state.objects[request.source.key] else { throw StoreError(.noSuchKey) }
            return store(source.bytes, request.key, request.replacementMetadata ?? source.info.metadata, etag, &state)
        }
    }

    func listObjects(_ request: ListRequest) async throws(StoreError) -> ListResult {
        state.withLock { state in
            var result = ListResult()
            for (key, stored) in state.objects.sorted(by: { $0.key < $1.key })
            where key.bytes.starts(with: request.prefix) && request.after.lexicographicallyPrecedes(key.bytes) {
                guard result.objects.count < request.limit else {
                    result.next = result.objects.last?.key.bytes
                    break
                }
                let info = stored.info
                result.objects.append(
                    ListedObject(key: key, size: info.size, etag: info.etag, lastModified: info.lastModified)
                )
            }
            return result
        }
    }

    // MARK: Multipart uploads

    func createUpload(_ request: CreateUploadRequest) async throws(StoreError) -> UploadInfo {
        try write { (state, etag) throws(StoreError) in
            let info = UploadInfo(
                key: request.key,
                uploadID: etag.string,
                initiated: clock.now(),
                metadata: request.metadata,
                checksum: nil,
            )
            state.uploads[info.uploadID] = Upload(info: info)
            return info
        }
    }

    func uploadPart(
        _ upload: UploadReference,
        number: Int,
        digests: DigestRequest,
        expectedSize: UInt64?,
        body: any ObjectBody
    ) async throws(StoreError) -> PartInfo {
        try addPart(upload, number, try await read(body))
    }

    func uploadPartCopy(
        _ upload: UploadReference,
        number: Int,
        source: any OpenedObject,
        range: Range<UInt64>?
    ) async throws(StoreError) -> PartInfo {
        let range = range ?? 0..<source.info.size
        return try addPart(upload, number, Array(source.readIfCached(range)?.readableBytesView ?? ByteBufferView()))
    }

    private func addPart(
        _ upload: UploadReference,
        _ number: Int,
        _ bytes: [UInt8]
    ) throws(StoreError) -> PartInfo {
        try write { (state, etag) throws(StoreError) in
            guard state.uploads[upload.uploadID]?.info.key == upload.key else { throw StoreError(.noSuchUpload) }
            let size = UInt64(bytes.count)
            let info = PartInfo(number: number, size: size, etag: etag, lastModified: clock.now())
            state.uploads[upload.uploadID]?.parts[number] = (info, bytes)
            return info
        }
    }

    func listParts(
        _ upload: UploadReference,
        after number: Int,
        limit: Int
    ) async throws(StoreError) -> ListPartsResult {
        guard let found = state.withLock({ $0.uploads[upload.uploadID] }) else { throw StoreError(.noSuchUpload) }
        let parts = found.parts.values.map(\.info).filter { $0.number > number }.sorted { $0.number < $1.number }
        return ListPartsResult(
            upload: found.info,
            parts: Array(parts.prefix(limit)),
            isTruncated: parts.count > limit,
        )
    }

    func listUploads(_ request: ListUploadsRequest) async throws(StoreError) -> ListUploadsResult {
        ListUploadsResult(uploads: state.withLock { Array($0.uploads.values.map(\.info)) })
    }

    func completeUpload(_ request: CompleteUploadRequest) async throws(StoreError) -> PutObjectResult {
        try write { (state, etag) throws(StoreError) in
            guard let upload = state.uploads[request.upload.uploadID] else { throw StoreError(.noSuchUpload) }
            var bytes: [UInt8] = []
            for (index, part) in request.parts.enumerated() {
                guard let stored = upload.parts[part.number], stored.info.etag == part.etag else {
                    throw StoreError(.invalidPart)
                }
                if index < request.parts.count - 1, stored.info.size < request.partSizeMin {
                    throw StoreError(.entityTooSmall)
                }
                bytes += stored.bytes
            }
            if let expected = request.expectedSize, expected != UInt64(bytes.count) {
                throw StoreError(.invalidRequest)
            }
            state.uploads[request.upload.uploadID] = nil
            return store(bytes, request.upload.key, upload.info.metadata, etag, &state)
        }
    }

    func abortUpload(_ upload: UploadReference) async throws(StoreError) {
        try write { (state, _) throws(StoreError) in
            guard state.uploads.removeValue(forKey: upload.uploadID) != nil else { throw StoreError(.noSuchUpload) }
        }
    }
}

private final class MemoryObject: OpenedObject {
    private let stored: MemoryStore.Stored
    private let store: MemoryStore

    init(_ stored: MemoryStore.Stored, of store: MemoryStore) {
        self.stored = stored
        self.store = store
    }

    var info: ObjectInfo { stored.info }

    func read(_ range: Range<UInt64>) -> any ObjectBody { MemoryBody(buffer(range), of: store) }
    func readIfCached(_ range: Range<UInt64>) -> ByteBuffer? { buffer(range) }
    func part(_ number: Int) async throws(StoreError) -> (range: Range<UInt64>, checksum: ChecksumValue?)? { nil }

    private func buffer(_ range: Range<UInt64>) -> ByteBuffer {
        ByteBuffer(bytes: stored.bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}

/// Tells its store on which kind of thread it was read.
private final class MemoryBody: ObjectBody {
    private let body: BufferBody
    private let store: MemoryStore

    init(_ buffer: ByteBuffer, of store: MemoryStore) {
        body = BufferBody(buffer)
        self.store = store
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        guard let piece = try await body.next() else { return nil }
        store.noteRead()
        return piece
    }
}
