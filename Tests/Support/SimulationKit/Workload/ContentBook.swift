// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import Glibc
import StorageTestSupport
import StorageTypes

/// All contents of a simulation, by number, and what their entity tags stand for.
///
/// Few and related: they share prefixes, middles and whole chunks, so that most uploads find part of their content stored,
/// in a pack that somebody else is still writing, or waiting for the garbage collection. Some are tars of the same bytes, where
/// chunks end with the files.
struct ContentBook: Sendable {
    /// Every way a content can go: empty, inline to 64 bytes, one chunk to 1 KiB, and many chunks.
    private static let sizes = [
        0, 1, 40, 64, 65, 200, 300, 700, 1_000, 1_024, 1_025, 1_500, 2_048, 3_000, 5_000,
    ]

    private(set) var contents: [[UInt8]] = []
    private var etags: [ETag] = []
    private var byETag: [ETag: StoreState.Content] = [:]

    init(_ generator: inout SeededGenerator, count: Int = 40) {
        let seed = generator.next()
        let patterns = (0..<4).map { PatternContent(seed: seed &+ UInt64($0), isCompressible: $0 == 0) }
        while contents.count < count {
            let isTar = generator.chance(1, in: 5)
            var (bytes, tar): ([UInt8], TarContent) = ([], TarContent())
            for _ in 0...generator.below(3) where bytes.count < 4_096 {
                let size = UInt64(generator.pick(Self.sizes))
                let start = UInt64(generator.below(3)) * 512
                let piece = generator.pick(patterns).bytes(start..<start + size)
                if isTar { tar.add(piece) }
                bytes = isTar ? tar.bytes : bytes + piece
            }
            bytes = Array(bytes.prefix(6_000))
            let etag = ETag(bytes: MD5.hash(bytes))
            guard byETag[etag] == nil else { continue }
            byETag[etag] = .init(contents: [contents.count], isMultipart: false)
            etags.append(etag)
            contents.append(bytes)
        }
    }

    func etag(_ content: Int) -> ETag { etags[content] }

    /// The number of a content that was put in one piece.
    func content(_ etag: ETag) -> Int? {
        byETag[etag].flatMap { $0.isMultipart ? nil : $0.contents.first }
    }

    /// Nil for a tag that nobody ever had reason to give out.
    func stored(_ etag: ETag) -> StoreState.Content? { byETag[etag] }

    /// Makes the tag of an object of these parts known.
    mutating func expect(_ parts: [Int]) {
        let digests = parts.flatMap { etags[$0].bytes }
        let etag = ETag(bytes: MD5.hash(digests), partCount: UInt32(parts.count))
        byETag[etag] = .init(contents: parts, isMultipart: true)
    }

    func byteCount(_ stored: StoreState.Content) -> Int {
        stored.contents.reduce(0) { $0 + contents[$1].count }
    }

    /// Whether `bytes` are those from `offset` on.
    func holds(_ bytes: UnsafeRawBufferPointer, at offset: Int, of stored: StoreState.Content) -> Bool {
        var done = 0
        var start = 0
        for content in stored.contents {
            let part = contents[content]
            let first = offset + done - start
            start += part.count
            guard done < bytes.count, first < part.count else { continue }
            let count = min(part.count - first, bytes.count - done)
            let isEqual = part.withUnsafeBytes { part in
                guard let start = part.baseAddress, let found = bytes.baseAddress else { return false }
                return memcmp(start + first, found + done, count) == 0
            }
            guard isEqual else { return false }
            done += count
        }
        return done == bytes.count
    }
}

/// The names that the store has given to uploads.
struct UploadBook: Sendable {
    private var numbers: [String: Int] = [:]
    private(set) var names: [Int: String] = [:]

    func number(_ name: String) -> Int? { numbers[name] }

    mutating func name(_ upload: Int, _ name: String) {
        numbers[name] = upload
        names[upload] = name
    }
}
