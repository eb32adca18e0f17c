// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import RegistryStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

/// The session state machine (`spec/registry.md` §5.2) on a store that is a dictionary.
@Suite struct UploadSessionTests {
    let clock = TestClock()
    let memory: MemoryStore
    let name: RepositoryName
    let content = SeededRandom(seed: 7).bytes(100_000)

    init() throws {
        memory = MemoryStore(clock: clock)
        name = try #require(RepositoryName("team/app"))
    }

    /// Small limits, so that little content walks through every branch.
    func open(partMin: UInt64 = 0, partCountMax: Int = 9_000) async throws -> RegistryStore<MemoryStore> {
        var configuration = RegistryConfiguration()
        configuration.partByteCount = 8_000
        configuration.partByteCountMin = partMin
        configuration.partCountMax = partCountMax
        configuration.tailByteCountMax = 500
        return try await RegistryStore(
            store: memory,
            configuration: configuration,
            clock: clock,
            random: SeededRandom(seed: memory.state.withLock { $0.serial }),
        )
    }

    func stored(_ digest: OCIDigest, _ store: RegistryStore<MemoryStore>) async throws -> [UInt8]? {
        guard let object = try await store.blob(digest, in: name) else { return nil }
        return object.readIfCached(0..<object.info.size).map { Array($0.readableBytesView) }
    }

    struct Cut: CustomTestStringConvertible {
        let sizes: [Int]
        let partMin: UInt64
        var partCountMax = 9_000
        var testDescription: String { "\(sizes), parts of at least \(partMin), at most \(partCountMax)" }
    }

    /// Whatever the pieces are, before each of them the registry forgets everything it does not keep in the store.
    @Test(
        arguments: [
            [], [1], [0, 1], [500], [501], [1, 499, 1], [8_000], [8_001], [16_000], [400, 400, 400],
            [30_000, 10, 30_000],
            [10, 20_000, 10, 10, 20_000, 1], [100_000], [600, 600, 600, 600, 600, 600],
        ].flatMap { sizes in
            [
                Cut(sizes: sizes, partMin: 0), Cut(sizes: sizes, partMin: 5_000),
                Cut(sizes: sizes, partMin: 0, partCountMax: 2),
            ]
        }
    )
    func `content in any pieces becomes the blob, across restarts`(cut: Cut) async throws {
        let whole = Array(content.prefix(cut.sizes.reduce(0, +)))
        let digest = Image.digest(whole)
        var store = try await open(partMin: cut.partMin, partCountMax: cut.partCountMax)
        let id = try await store.startUpload(in: name).id
        var offset = 0
        for size in cut.sizes {
            store = try await open(partMin: cut.partMin, partCountMax: cut.partCountMax)
            let piece = whole[offset..<offset + size]
            let range = size == 0 ? nil : ChunkRange(first: UInt64(offset), last: UInt64(offset + size - 1))
            let status = try await store.append(
                id,
                in: name,
                range: range,
                contentLength: UInt64(size),
                body: PiecesBody(piece)
            )
            offset += size
            #expect(status.offset == UInt64(offset))
            #expect(try await store.uploadStatus(id, in: name) == status)
        }
        store = try await open(partMin: cut.partMin, partCountMax: cut.partCountMax)
        try await store.finish(id, in: name, digests: [digest], range: nil, contentLength: 0, body: nil)
        #expect(try await stored(digest, store) == whole)
        #expect(memory.uploadCount == 0)
        #expect(memory.keys.filter { $0.hasPrefix("uploads/") } == ["uploads/\(id)/state"])
    }

    @Test(arguments: [100, 501, 50_000], [OCIDigest.Algorithm.sha256, .sha512])
    func `either algorithm is verified whatever the session hashes with`(
        size: Int,
        algorithm: OCIDigest.Algorithm
    ) async throws {
        let store = try await open()
        let bytes = Array(content.prefix(size))
        for session in OCIDigest.Algorithm.allCases {
            let id = try await store.startUpload(in: name, algorithm: session).id
            _ = try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody(bytes))
            let digest = Image.digest(bytes, algorithm)
            try await store.finish(id, in: name, digests: [digest], range: nil, contentLength: nil, body: nil)
            #expect(try await stored(digest, store) == bytes)

            let other = try await store.startUpload(in: name, algorithm: session).id
            _ = try await store.append(other, in: name, range: nil, contentLength: nil, body: PiecesBody(bytes + [1]))
            let failure = await #expect(throws: RegistryError.self) {
                try await store.finish(other, in: name, digests: [digest], range: nil, contentLength: nil, body: nil)
            }
            #expect(failure?.code == .digestInvalid)
            await #expect(throws: RegistryError.self) { try await store.uploadStatus(other, in: name) }
        }
        #expect(memory.uploadCount == 0)
    }

    @Test(arguments: [100, 501, 50_000])
    func `a closing PUT may bring everything or the rest`(size: Int) async throws {
        let store = try await open()
        let bytes = Array(content.prefix(size))
        let digest = Image.digest(bytes)
        for first in [0, 50, size / 2] {
            let id = try await store.startUpload(in: name).id
            if first > 0 {
                _ = try await store.append(
                    id,
                    in: name,
                    range: nil,
                    contentLength: nil,
                    body: PiecesBody(bytes[..<first])
                )
            }
            let rest = bytes[first...]
            try await store.finish(
                id,
                in: name,
                digests: [digest],
                range: nil,
                contentLength: UInt64(rest.count),
                body: PiecesBody(rest)
            )
            #expect(try await stored(digest, store) == bytes)
            try await store.deleteBlob(digest, in: name)
            #expect(try await stored(digest, store) == nil)
            #expect(!memory.keys.contains { $0.hasPrefix("blobs/") || $0.hasPrefix("holders/") })
        }
    }

    @Test(arguments: [100, 50_000])
    func `several digests of one content make several blobs, and one wrong one none`(size: Int) async throws {
        let store = try await open()
        let bytes = Array(content.prefix(size))
        let digests = [Image.digest(bytes, .sha512), Image.digest(bytes, .sha256)]
        try await store.putBlob(digests, in: name, contentLength: nil, body: PiecesBody(bytes))
        for digest in digests { #expect(try await stored(digest, store) == bytes) }
        let wrong = Image.digest(bytes + [0], .sha512)
        await #expect(throws: RegistryError.self) {
            try await store.putBlob([digests[1], wrong], in: name, contentLength: nil, body: PiecesBody(bytes))
        }
        #expect(try await stored(wrong, store) == nil)
    }

    @Test(arguments: [(5, 9), (0, 9), (11, 20), (10, 9)])
    func `a range that does not begin at the offset changes nothing`(first: UInt64, last: UInt64) async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        _ = try await store.append(id, in: name, range: nil, contentLength: 10, body: PiecesBody(content[..<10]))
        for isClosing in [false, true] {
            let range = ChunkRange(first: first, last: last)
            let failure = await #expect(throws: RegistryError.self) {
                if isClosing {
                    try await store.finish(
                        id,
                        in: name,
                        digests: [Image.digest([])],
                        range: range,
                        contentLength: nil,
                        body: PiecesBody([1])
                    )
                } else {
                    _ = try await store.append(id, in: name, range: range, contentLength: nil, body: PiecesBody([1]))
                }
            }
            #expect(failure?.code == .rangeInvalid)
        }
        #expect(try await store.uploadStatus(id, in: name).offset == 10)
    }

    @Test(arguments: [10, 20_000], [-1, 1, 9_000])
    func `a body that disagrees with its range is forgotten`(size: Int, difference: Int) async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        _ = try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody(content[..<10]))
        let range = ChunkRange(first: 10, last: UInt64(10 + size - 1))
        let failure = await #expect(throws: RegistryError.self) {
            let bytes = content[10..<10 + size + difference]
            _ = try await store.append(id, in: name, range: range, contentLength: nil, body: PiecesBody(bytes))
        }
        #expect(failure?.code == .sizeInvalid)
        #expect(try await store.uploadStatus(id, in: name).offset == 10)
        _ = try await store.append(
            id,
            in: name,
            range: range,
            contentLength: UInt64(size),
            body: PiecesBody(content[10..<10 + size])
        )
        let digest = Image.digest(Array(content[..<(10 + size)]))
        try await store.finish(id, in: name, digests: [digest], range: nil, contentLength: nil, body: nil)
        #expect(try await stored(digest, store) == Array(content[..<(10 + size)]))
    }

    @Test(arguments: [0, 100, 7_999, 8_000, 20_123])
    func `what arrived before the connection broke is kept`(size: Int) async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        let broken = PiecesBody(content[..<size], failure: StoreError(.incompleteBody))
        let range = ChunkRange(first: 0, last: 29_999)
        let failure = await #expect(throws: RegistryError.self) {
            try await store.append(id, in: name, range: range, contentLength: 30_000, body: broken)
        }
        #expect(failure?.code == .sizeInvalid)
        let again = try await open()
        #expect(try await again.uploadStatus(id, in: name).offset == UInt64(size))
        _ = try await again.append(
            id,
            in: name,
            range: nil,
            contentLength: nil,
            body: PiecesBody(content[size..<30_000])
        )
        let whole = Array(content[..<30_000])
        try await again.finish(id, in: name, digests: [Image.digest(whole)], range: nil, contentLength: nil, body: nil)
        #expect(try await stored(Image.digest(whole), again) == whole)
    }

    @Test func `half a blob in one request is none, and the session can go on`() async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        let digest = Image.digest(content)
        let broken = PiecesBody(content[..<50_000], failure: StoreError(.incompleteBody))
        await #expect(throws: RegistryError.self) {
            try await store.finish(id, in: name, digests: [digest], range: nil, contentLength: nil, body: broken)
        }
        #expect(try await store.uploadStatus(id, in: name).offset == 0)
        try await store.finish(
            id,
            in: name,
            digests: [digest],
            range: nil,
            contentLength: nil,
            body: PiecesBody(content)
        )
        #expect(try await stored(digest, store) == content)
    }

    @Test func `a closing PUT succeeds again for ten minutes, with the same digest only`() async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        let digest = Image.digest(Array("x".utf8))
        func close(_ digest: OCIDigest) async throws {
            try await store.finish(id, in: name, digests: [digest], range: nil, contentLength: nil, body: nil)
        }
        _ = try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody("x".utf8))
        try await close(digest)
        try await close(digest)
        await #expect(throws: RegistryError.self) { try await close(Image.digest([])) }
        await #expect(throws: RegistryError.self) { try await store.uploadStatus(id, in: name) }
        await #expect(throws: RegistryError.self) {
            try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody("x".utf8))
        }
        clock.advance(seconds: 601)
        await #expect(throws: RegistryError.self) { try await close(digest) }
    }

    @Test func `a session belongs to its repository, ends when dropped and runs out after a day`() async throws {
        let store = try await open()
        let other = try #require(RepositoryName("team/other"))
        let id = try await store.startUpload(in: name).id
        await #expect(throws: RegistryError.self) { try await store.uploadStatus(id, in: other) }
        for text in ["", "x", "../state", String(repeating: "0", count: 36)] {
            await #expect(throws: RegistryError.self) { try await store.uploadStatus(text, in: name) }
        }
        _ = try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody(content))
        try await store.cancelUpload(id, in: name)
        #expect(memory.keys.isEmpty)
        #expect(memory.uploadCount == 0)
        await #expect(throws: RegistryError.self) { try await store.cancelUpload(id, in: name) }

        let idle = try await store.startUpload(in: name).id
        clock.advance(seconds: 86_500)
        await #expect(throws: RegistryError.self) { try await store.uploadStatus(idle, in: name) }
    }

    @Test func `the sweep drops what ran out and keeps what is in use`() async throws {
        let store = try await open()
        let old = try await store.startUpload(in: name).id
        _ = try await store.append(old, in: name, range: nil, contentLength: nil, body: PiecesBody(content))
        let bucket = try BucketName("drydock-registry")
        // What crashes leave: content and a multipart upload without a session.
        let key = try ObjectKey("uploads/00000000-0000-4000-8000-000000000000/data-0")
        _ = try await memory.putObject(PutObjectRequest(bucket: bucket, key: key), body: BufferBody(.init(string: "x")))
        _ = try await memory.createUpload(CreateUploadRequest(bucket: bucket, key: key))
        #expect(try await store.dropExpiredUploads() == 0)
        clock.advance(seconds: 86_500)
        let new = try await store.startUpload(in: name).id
        #expect(try await store.dropExpiredUploads() == 3)
        #expect(memory.keys == ["uploads/\(new)/state"])
        #expect(memory.uploadCount == 0)
    }

    @Test func `the sweep passes over what it can't read`() async throws {
        let store = try await open()
        var ids: [String] = []
        for _ in 0..<3 {
            let id = try await store.startUpload(in: name).id
            _ = try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody(content))
            ids.append(id)
        }
        let bucket = try BucketName("drydock-registry")
        let orphan = try ObjectKey("uploads/ffffffff-ffff-4fff-bfff-ffffffffffff/data-0")
        _ = try await memory.createUpload(CreateUploadRequest(bucket: bucket, key: orphan))
        clock.advance(seconds: 86_500)
        // The first one that the sweep meets.
        let unreadable = try ObjectKey("uploads/\(try #require(ids.min()))/state")
        memory.state.withLock { _ = $0.unreadable.insert(unreadable) }
        let damaged = Mutex(0)
        #expect(try await store.dropExpiredUploads { _ in damaged.withLock { $0 += 1 } } == 3)
        #expect(damaged.withLock { $0 } > 0)
        #expect(memory.keys.filter { $0.hasSuffix("/state") } == [unreadable.string])
        memory.state.withLock { $0.unreadable = [] }
        #expect(try await store.dropExpiredUploads() == 1)
        #expect(memory.keys.isEmpty && memory.uploadCount == 0)
    }

    @Test func `the second writer of a session is told where it stands`() async throws {
        let store = try await open()
        let id = try await store.startUpload(in: name).id
        let gate = GateBody()
        async let first = store.append(id, in: name, range: nil, contentLength: nil, body: gate)
        await gate.waitUntilAsked()
        let failure = await #expect(throws: RegistryError.self) {
            try await store.append(id, in: name, range: nil, contentLength: nil, body: PiecesBody("x".utf8))
        }
        #expect(failure?.code == .rangeInvalid)
        gate.open()
        #expect(try await first.offset == 4)
    }

    @Test func `content beyond the limit is refused, announced or not`() async throws {
        var configuration = RegistryConfiguration()
        configuration.blobByteCountMax = 10
        let store = try await RegistryStore(
            store: memory,
            configuration: configuration,
            clock: clock,
            random: SeededRandom(seed: 1)
        )
        let bytes = Array(content[..<11])
        for length in [11, nil] as [UInt64?] {
            let id = try await store.startUpload(in: name).id
            let patch = await #expect(throws: RegistryError.self) {
                try await store.append(id, in: name, range: nil, contentLength: length, body: PiecesBody(bytes))
            }
            #expect(patch?.status == 413)
            #expect(try await store.uploadStatus(id, in: name).offset == 0)
            let put = await #expect(throws: RegistryError.self) {
                try await store.putBlob([Image.digest(bytes)], in: name, contentLength: length, body: PiecesBody(bytes))
            }
            #expect(put?.status == 413)
        }
    }
}
