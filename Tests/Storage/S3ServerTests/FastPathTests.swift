// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import HTTPServer
import Logging
import NIOCore
import ObjectStore
import S3Protocol
import S3Server
import StorageTestSupport
import StorageTypes
import Testing

/// What is answered at once, and what is left to the path that may wait.
@Suite struct FastPathTests {
    private static func with(
        _ body: (_ service: S3Service<ObjectStore>, _ store: ObjectStore) async throws -> Void
    ) async throws {
        let machine = SimulatedMachine(seed: 1)
        let store = try ObjectStore.open(
            ObjectStoreConfiguration(dataDirectory: SimulatedMachine.dataDirectory),
            fileSystem: machine.fileSystem,
            metadata: machine.openMetadata(),
            workers: WorkerPool(threadCount: 1),
            clock: TestClock(),
            random: SeededRandom(seed: 1),
        )
        let box = try BucketName("box")
        _ = try await store.createBucket(box, owner: TestServer.ownerID, region: "us-east-1")
        let policy = #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","#
        try await store.setBucketPolicy(policy + #""Resource":"arn:aws:s3:::box/open/*"}}"#, of: box)
        for (key, size) in [("open/key", 4_096), ("shut", 5), ("open/large", 300_000), ("open/empty", 0)] {
            _ = try await store.putObject(
                PutObjectRequest(bucket: box, key: ObjectKey(key), digests: DigestRequest(checksum: .crc64nvme)),
                body: BufferBody(ByteBuffer(repeating: 7, count: size)),
            )
        }
        let service = S3Service(
            store: store,
            configuration: S3ServiceConfiguration(ownerID: TestServer.ownerID),
            credentials: StaticCredentials([
                Credential(
                    accessKey: TestServer.accessKey,
                    secretKey: TestServer.secretKey,
                    account: TestServer.ownerID
                )
            ]),
            clock: TestClock(),
            random: SystemRandomSource(),
            metrics: S3Metrics(),
            logger: Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() },
        )
        try await body(service, store)
        await store.shutdown()
    }

    private static func ask(
        _ service: S3Service<ObjectStore>,
        _ method: String,
        _ path: String,
        query: String? = nil,
        headers: [(String, String)] = []
    ) -> HTTPImmediateResponse? {
        service.respondAtOnce(
            to: HTTPRequest(
                methodName: method,
                rawPath: path,
                rawQuery: query,
                headers: HTTPHeaderBlock([("Host", "127.0.0.1")] + headers)
            )
        )
    }

    @Test func `what is in memory is answered at once`() async throws {
        try await Self.with { service, _ in
            let get = try #require(Self.ask(service, "GET", "/box/open/key"))
            #expect(get.head.status == 200)
            #expect(get.body?.readableBytes == 4_096)
            let names = get.head.fields.map { field in
                switch field.name {
                case .fixed(let name): "\(name)"
                case .dynamic(let name): name
                }
            }
            #expect(
                names == [
                    "Accept-Ranges", "ETag", "Last-Modified", "Content-Type", "x-amz-request-id", "x-amz-id-2",
                ]
            )
            let etag = get.head.fields[1].value
            #expect(Self.ask(service, "GET", "/box/open/key", query: "x-id=GetObject")?.head.status == 200)
            #expect(Self.ask(service, "HEAD", "/box/open/key")?.body?.readableBytes == 4_096)
            #expect(Self.ask(service, "GET", "/box/open/empty")?.head.status == 200)
            let range = Self.ask(service, "GET", "/box/open/key", headers: [("Range", "bytes=0-9")])
            #expect(range?.head.status == 206)
            #expect(range?.body?.readableBytes == 10)
            #expect(Self.ask(service, "GET", "/box/open/key", headers: [("If-None-Match", etag)])?.head.status == 304)
        }
    }

    @Test func `refusals that need no waiting are answered at once`() async throws {
        try await Self.with { service, _ in
            let table: [(path: String, headers: [(String, String)], status: Int)] = [
                ("/box/shut", [], 403), ("/box/open/none", [], 403), ("/box/%zz", [], 400),
                ("/box/open/key", [("If-Match", "\"x\"")], 412), ("/box/open/key", [("Range", "bytes=9999-")], 416),
                ("/box/open/key", [("Authorization", "AWS4-HMAC-SHA256 x")], 400),
                ("/box/open/key", [("x-long", String(repeating: "h", count: 9_000))], 400),
            ]
            for row in table {
                let response = Self.ask(service, "GET", row.path, headers: row.headers)
                #expect(response?.head.status == row.status, "\(row.path)")
                #expect(response.flatMap(\.body).map { String(buffer: $0).contains("<Error>") } == true, "\(row.path)")
            }
            #expect(Self.ask(service, "HEAD", "/box/shut")?.body == nil)
        }
    }

    @Test func `a signed read is answered at once`() async throws {
        try await Self.with { service, _ in
            let head = TestRequest("GET", "/box/shut").signed(at: TestClock().now()).head
            let lines = head.split(separator: "\r\n").dropFirst()
            let headers = lines.map { line in
                let pieces = line.split(separator: ":", maxSplits: 1)
                return (String(pieces[0]), String(pieces[1].dropFirst()))
            }
            let request = HTTPRequest(methodName: "GET", rawPath: "/box/shut", headers: HTTPHeaderBlock(headers))
            #expect(service.respondAtOnce(to: request)?.body?.readableBytes == 5)
        }
    }

    @Test func `everything else is left to the other path`() async throws {
        try await Self.with { service, _ in
            #expect(Self.ask(service, "GET", "/") == nil)
            #expect(Self.ask(service, "GET", "/box") == nil)
            #expect(Self.ask(service, "GET", "/none/key") == nil)
            #expect(Self.ask(service, "GET", "/Bad_Name/key") == nil)
            #expect(Self.ask(service, "GET", "/box/open/key", query: "versionId=null") == nil)
            #expect(Self.ask(service, "GET", "/box/open/large") == nil)
            #expect(Self.ask(service, "HEAD", "/box/open/large") == nil)
            #expect(Self.ask(service, "DELETE", "/box/open/key") == nil)
            #expect(Self.ask(service, "GET", "/box/open/key", headers: [("x-amz-expected-bucket-owner", "1")]) == nil)
            let key = [("x-amz-server-side-encryption-customer-algorithm", "AES256")]
            #expect(Self.ask(service, "GET", "/box/open/key", headers: key) == nil)
        }
    }
}
