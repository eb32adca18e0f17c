// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// `spec/s3.md` §4 and §7.7.
@Suite struct `Completions` {
    private struct Uploaded {
        let fixture: StoreFixture
        let upload: UploadReference
        let parts: [PartInfo]

        var lines: [CompletedPart] {
            parts.map { CompletedPart(number: $0.number, etag: $0.etag, checksum: $0.checksum) }
        }

        func complete(
            _ parts: [CompletedPart],
            expected: ChecksumValue? = nil,
            size: UInt64? = nil,
            partSizeMin: UInt64 = 0
        ) async throws(StoreError) -> PutObjectResult {
            let request = CompleteUploadRequest(
                upload: upload,
                parts: parts,
                expectedChecksum: expected,
                expectedSize: size,
                partSizeMin: partSizeMin,
            )
            return try await fixture.store.completeUpload(request)
        }
    }

    private func uploaded(_ checksum: UploadChecksum? = nil, sizes: [Int] = [1_000, 1_000, 10]) async throws -> Uploaded
    {
        let fixture = try await StoreFixture.withBucket()
        let upload = try await fixture.store.upload("a", checksum: checksum)
        var parts: [PartInfo] = []
        for (index, size) in sizes.enumerated() {
            parts.append(try await fixture.store.part(upload, index + 1, content(size, seed: UInt64(index))))
        }
        return Uploaded(fixture: fixture, upload: upload, parts: parts)
    }

    @Test func `refuse lists that are not the upload's`() async throws {
        let state = try await uploaded()
        let lines = state.lines
        let other = CompletedPart(number: 2, etag: ETag(bytes: MD5.hash([9])))
        let cases: [([CompletedPart], StoreError.Code)] = [
            ([], .invalidRequest),
            ([lines[1], lines[0]], .invalidPartOrder),
            ([lines[0], lines[0]], .invalidPartOrder),
            ([lines[0], other], .invalidPart),
            ([lines[0], CompletedPart(number: 4, etag: lines[0].etag)], .invalidPart),
        ]
        for (parts, code) in cases {
            await #expect(throws: StoreError(code)) { try await state.complete(parts) }
        }
        await #expect(throws: StoreError(.entityTooSmall)) { try await state.complete(lines, partSizeMin: 1_001) }
        _ = try await state.complete([lines[0], lines[2]], partSizeMin: 1_000)
        try state.fixture.expectSound()
    }

    @Test func `name the part at fault`() async throws {
        let state = try await uploaded()
        do throws(StoreError) {
            _ = try await state.complete(state.lines, partSizeMin: 5 << 20)
            Issue.record("a small part went through")
        } catch {
            let etag = state.parts[0].etag.string
            #expect(error.details == .partSize(actual: 1_000, limit: 5 << 20, number: 1, etag: etag))
        }
    }

    @Test func `compare the size that was announced`() async throws {
        let state = try await uploaded()
        await #expect(throws: StoreError(.invalidRequest)) { try await state.complete(state.lines, size: 2_009) }
        #expect(try await state.complete(state.lines, size: 2_010).size == 2_010)
    }

    private static let kinds: [UploadChecksum] = ChecksumAlgorithm.allCases.flatMap { algorithm in
        [
            UploadChecksum(algorithm: algorithm, type: .composite),
            UploadChecksum(algorithm: algorithm, type: .fullObject),
        ]
    }

    private static func isAllowed(_ checksum: UploadChecksum) -> Bool {
        switch checksum.algorithm {
        case .crc64nvme: checksum.type == .fullObject
        case .crc32, .crc32c: true
        case .sha1, .sha256, .sha512, .md5, .xxhash64, .xxhash3, .xxhash128: checksum.type == .composite
        }
    }

    @Test(arguments: kinds)
    func `keep and compare the checksum the upload promised`(_ checksum: UploadChecksum) async throws {
        guard Self.isAllowed(checksum) else {
            let store = try await StoreFixture.withBucket().store
            await #expect(throws: StoreError(.invalidRequest)) { try await store.upload("a", checksum: checksum) }
            return
        }
        let state = try await uploaded(checksum)
        let pieces = [content(1_000, seed: 0), content(1_000, seed: 1), content(10, seed: 2)]
        #expect(state.parts.map { $0.checksum?.bytes } == pieces.map { RunningChecksum.hash(checksum.algorithm, $0) })
        let bytes =
            checksum.type == .fullObject
            ? RunningChecksum.hash(checksum.algorithm, pieces.flatMap { $0 })
            : RunningChecksum.hash(checksum.algorithm, pieces.flatMap { RunningChecksum.hash(checksum.algorithm, $0) })
        let count: UInt32 = checksum.type == .composite ? 3 : 0
        let expected = ChecksumValue(algorithm: checksum.algorithm, type: checksum.type, bytes: bytes, partCount: count)

        var wrong = bytes
        wrong[0] ^= 1
        let refused = [
            ChecksumValue(algorithm: checksum.algorithm, type: checksum.type, bytes: wrong, partCount: count),
            ChecksumValue(
                algorithm: checksum.algorithm,
                type: checksum.type == .composite ? .fullObject : .composite,
                bytes: bytes,
            ),
        ]
        for value in refused {
            await #expect(throws: StoreError(.badDigest)) { try await state.complete(state.lines, expected: value) }
        }
        var lines = state.lines
        lines[1].checksum = ChecksumValue(algorithm: checksum.algorithm, bytes: wrong)
        await #expect(throws: StoreError(.invalidPart)) { try await state.complete(lines) }
        let foreign: ChecksumAlgorithm = checksum.algorithm == .sha1 ? .md5 : .sha1
        lines[1].checksum = ChecksumValue(algorithm: foreign, bytes: [UInt8](repeating: 0, count: foreign.byteCount))
        await #expect(throws: StoreError(.badDigest)) { try await state.complete(lines) }
        lines[1].checksum = nil
        if checksum.type == .composite {
            await #expect(throws: StoreError(.invalidRequest)) { try await state.complete(lines) }
            lines = state.lines
        }
        #expect(try await state.complete(lines, expected: expected).checksum == expected)
        #expect(try await state.fixture.store.info("a").checksums == [expected])
        try state.fixture.expectSound()
    }

    @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
    func `combine many parts of one size, and some of another`(_ algorithm: ChecksumAlgorithm) async throws {
        let store = try await StoreFixture.withBucket().store
        for partCount in [79, 80, 81, 82, 200] {
            let upload = try await store.upload("a", checksum: UploadChecksum(algorithm: algorithm, type: .fullObject))
            var parts: [PartInfo] = []
            var bytes: [UInt8] = []
            for number in 1...partCount {
                let piece = content(number % 50 == 7 ? 13 : 30, seed: UInt64(number))
                parts.append(try await store.part(upload, number, piece))
                bytes += piece
            }
            #expect(try await store.complete(upload, parts).checksum?.bytes == RunningChecksum.hash(algorithm, bytes))
        }
    }

    @Test func `refuse a part of another algorithm than the upload's`() async throws {
        let store = try await StoreFixture.withBucket().store
        let upload = try await store.upload("a", checksum: UploadChecksum(algorithm: .crc32, type: .composite))
        await #expect(throws: StoreError(.invalidRequest)) { try await store.part(upload, 1, [1], checksum: .sha1) }
        #expect(try await store.part(upload, 1, [1], checksum: .crc32).checksum?.algorithm == .crc32)
    }

    @Test func `of parts that chose their own algorithm combine what can be combined`() async throws {
        let store = try await StoreFixture.withBucket().store
        for (algorithm, isKept) in [(ChecksumAlgorithm.crc32c, true), (.sha256, false)] {
            let upload = try await store.upload("a")
            let parts = [
                try await store.part(upload, 1, [1], checksum: algorithm),
                try await store.part(upload, 2, [2], checksum: algorithm),
            ]
            let checksum = try await store.complete(upload, parts).checksum
            #expect(checksum?.bytes == (isKept ? RunningChecksum.hash(algorithm, [1, 2]) : nil))
        }
    }

    /// The values of `spec/s3.md` §4: three parts of 5 MiB of A, B and C.
    @Test(arguments: [
        (ChecksumAlgorithm.crc32, ChecksumType.fullObject, "WgDhBQ=="), (.crc32c, .fullObject, "xU+Krw=="),
        (.crc64nvme, .fullObject, "i+6LR0y3eFo="), (.sha1, .composite, "sizjvY4eud3MrcHdZM3cQ/ol39o="),
        (.sha256, .composite, "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4="),
    ])
    func `are what s3-tests computes`(_ algorithm: ChecksumAlgorithm, _ type: ChecksumType, _ value: String)
        async throws
    {
        let store = try await StoreFixture.withBucket().store
        let upload = try await store.upload("a", checksum: UploadChecksum(algorithm: algorithm, type: type))
        var parts: [PartInfo] = []
        for (index, letter) in "ABC".utf8.enumerated() {
            parts.append(try await store.part(upload, index + 1, [UInt8](repeating: letter, count: 5 << 20)))
        }
        let result = try await store.complete(upload, parts, partSizeMin: 5 << 20)
        #expect(result.etag.string == "b2add96cc9702bbf4efb0ccdfc6b7747-3")
        #expect(result.checksum.map { Base64.encode($0.bytes) } == value)
    }
}
