// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import StorageTypes
import Testing

@Suite struct StoreFailureTests {
    @Test(arguments: [
        (StoreError.Code.slowDown, 503, "SlowDown", "1"), (.unavailable, 503, "ServiceUnavailable", "1"),
        (.insufficientStorage, 507, "InsufficientStorage", ""), (.ioFailure, 500, "InternalError", ""),
        (.corrupted, 500, "InternalError", ""), (.conditionalConflict, 409, "ConditionalRequestConflict", ""),
    ])
    func `a store that can't serve is answered by its code`(
        code: StoreError.Code,
        status: Int,
        name: String,
        retryAfter: String
    ) async throws {
        let store = FailingStore(error: StoreError(code, diagnosis: "/data/packs/00000001.pack at 4096"))
        try await TestServer.with(store: store) { server in
            for request in [
                TestRequest("GET", "/box/key"), TestRequest("PUT", "/box/key", body: [1]), TestRequest("GET", "/box"),
            ] {
                let response = try await server.send(request)
                #expect(response.status == status, "\(request.method)")
                #expect(response.errorCode == name)
                #expect((response.header("retry-after") ?? "") == retryAfter)
                #expect(!response.text.contains("pack"))
            }
            let diagnosed = server.log.entries.contains {
                "\($0.metadata)".contains("00000001.pack")
            }
            #expect(diagnosed)
        }
    }

    @Test func `damage found after the head was sent cuts the connection`() async throws {
        let store = FailingStore(error: nil, object: DamagedObject(goodPieceCount: 1))
        try await TestServer.with(store: store) { server in
            let head = TestRequest("GET", "/box/key").signed(at: TestClock().now()).head
            await #expect(throws: RawConnection.Failure.self) {
                try await RawConnection.with(port: server.port) { connection in
                    connection.send(head)
                    return try connection.readResponse()
                }
            }
            let bucket = try await server.send(TestRequest("HEAD", "/box"))
            #expect(bucket.status == 200)
        }
    }

    @Test func `damage found before the head was sent is an error document`() async throws {
        let store = FailingStore(error: nil, object: DamagedObject(goodPieceCount: 0))
        try await TestServer.with(store: store) { server in
            let response = try await server.get("/box/key")
            #expect(response.status == 500)
            #expect(response.errorCode == "InternalError")
        }
    }
}

/// Says `error` to everything but bucket look-ups, or opens `object`.
private struct FailingStore: ObjectStoring {
    var error: StoreError?
    var object: DamagedObject?

    private var refusal: StoreError { error ?? StoreError(.notImplemented) }

    func listBuckets() async throws(StoreError) -> [BucketInfo] { throw refusal }

    func createBucket(_ name: BucketName, owner: String, region: String) async throws(StoreError) -> BucketInfo {
        throw refusal
    }

    func bucket(_ name: BucketName) async throws(StoreError) -> BucketInfo {
        BucketInfo(name: name, created: Timestamp(seconds: 0), owner: TestServer.ownerID, region: "us-east-1")
    }

    func deleteBucket(_ name: BucketName) async throws(StoreError) { throw refusal }

    func setBucketPolicy(_ policy: String?, of name: BucketName) async throws(StoreError) { throw refusal }

    func putObject(_ request: PutObjectRequest, body: any ObjectBody) async throws(StoreError) -> PutObjectResult {
        throw refusal
    }

    func openObject(bucket: BucketName, key: ObjectKey) async throws(StoreError) -> any OpenedObject {
        guard let object else { throw refusal }
        return OpenedDamage(object)
    }

    func deleteObject(bucket: BucketName, _ request: DeleteRequest) async throws(StoreError) { throw refusal }

    func deleteObjects(bucket: BucketName, _ requests: [DeleteRequest]) async throws(StoreError) -> [StoreError?] {
        throw refusal
    }

    func copyObject(_ request: CopyObjectRequest) async throws(StoreError) -> PutObjectResult { throw refusal }

    func listObjects(_ request: ListRequest) async throws(StoreError) -> ListResult { throw refusal }

    func createUpload(_ request: CreateUploadRequest) async throws(StoreError) -> UploadInfo { throw refusal }

    func uploadPart(
        _ upload: UploadReference,
        number: Int,
        digests: DigestRequest,
        expectedSize: UInt64?,
        body: any ObjectBody
    ) async throws(StoreError) -> PartInfo { throw refusal }

    func uploadPartCopy(
        _ upload: UploadReference,
        number: Int,
        source: any OpenedObject,
        range: Range<UInt64>?
    ) async throws(StoreError) -> PartInfo { throw refusal }

    func listParts(_ upload: UploadReference, after number: Int, limit: Int) async throws(StoreError) -> ListPartsResult
    {
        throw refusal
    }

    func listUploads(_ request: ListUploadsRequest) async throws(StoreError) -> ListUploadsResult { throw refusal }

    func completeUpload(_ request: CompleteUploadRequest) async throws(StoreError) -> PutObjectResult { throw refusal }

    func abortUpload(_ upload: UploadReference) async throws(StoreError) { throw refusal }
}

/// A large object of which only the first pieces are whole.
private struct DamagedObject: Sendable {
    var goodPieceCount: Int
}

private final class OpenedDamage: OpenedObject {
    let damage: DamagedObject
    let info: ObjectInfo

    init(_ damage: DamagedObject) {
        self.damage = damage
        info = ObjectInfo(
            key: ObjectKey(stored: Array("key".utf8)),
            size: 4 << 20,
            etag: ETag(bytes: [UInt8](repeating: 0, count: 16)),
            lastModified: Timestamp(seconds: 1),
        )
    }

    func read(_ range: Range<UInt64>) -> any ObjectBody { DamagedBody(damage) }

    func readIfCached(_ range: Range<UInt64>) -> ByteBuffer? { nil }

    func part(_ number: Int) async throws(StoreError) -> (range: Range<UInt64>, checksum: ChecksumValue?)? { nil }
}

private final class DamagedBody: ObjectBody {
    private var goodPieceCount: Int

    init(_ damage: DamagedObject) { goodPieceCount = damage.goodPieceCount }

    func next() async throws(StoreError) -> ByteBuffer? {
        guard goodPieceCount > 0 else { throw StoreError(.corrupted, diagnosis: "digest differs") }
        goodPieceCount -= 1
        return ByteBuffer(repeating: 7, count: 1 << 20)
    }
}
