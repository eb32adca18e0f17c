// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import MetadataStore
import StorageTypes

/// Chunks with the lowest digests, at most so many: digests are as good as random, so they stand for all.
struct ChunkSample {
    /// 3 MiB of memory. Of a bucket with a tenth of them the bytes come out within 1 to 2 %.
    static let countMax = 1 << 16

    struct Chunk {
        let digest: SHA256Digest
        let plainByteCount: UInt32
        let encodedByteCount: UInt32
        /// The last one of those seen; 0 before the first.
        var owner: UInt32 = 0
        var isShared = false
    }

    private(set) var chunks: [Chunk] = []
    /// The index has no others.
    private(set) var isWhole = true

    /// Blocks.
    init(_ metadata: any MetadataReading, countMax: Int) throws(StoreError) {
        let cursor = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.cursor(.chunks, from: [], until: nil)
        }
        while try StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) {
            guard chunks.count < countMax else {
                isWhole = false
                return
            }
            let (key, value) = cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }
            let record = try StorageCall.decoding("chunk \(Hex.encode(key))") { () throws(DecodeError) in
                guard key.count == 32 else { throw DecodeError(.invalidValue, at: 0) }
                return try ChunkRecord(decoding: value)
            }
            chunks.append(
                Chunk(
                    digest: SHA256Digest(bytes: key),
                    plainByteCount: record.plainByteCount,
                    encodedByteCount: record.encodedByteCount
                )
            )
        }
    }

    /// Where a chunk is; nil for one that is not in the sample.
    func position(_ digest: SHA256Digest) -> Int? {
        guard let last = chunks.last, digest <= last.digest else { return nil }
        var (low, high) = (0, chunks.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].digest < digest { low = middle + 1 } else { high = middle }
        }
        return chunks[low].digest == digest ? low : nil
    }

    /// Says that an owner has the chunk; false when that is known.
    mutating func claim(_ position: Int, _ owner: UInt32) -> Bool {
        guard chunks[position].owner != owner else { return false }
        if chunks[position].owner != 0 { chunks[position].isShared = true }
        chunks[position].owner = owner
        return true
    }
}

/// Content ids, in a fixed amount of memory: some that were never added seem to be there.
struct ContentFilter {
    /// 1 MiB: of a million ids, 5 % of the others seem to be there.
    private static let bitCount = 1 << 23
    private var words = [UInt64](repeating: 0, count: bitCount / 64)

    mutating func insert(_ id: UInt64) {
        let (first, second) = Self.bits(id)
        words[first / 64] |= 1 << UInt64(first % 64)
        words[second / 64] |= 1 << UInt64(second % 64)
    }

    func mayContain(_ id: UInt64) -> Bool {
        let (first, second) = Self.bits(id)
        return words[first / 64] >> UInt64(first % 64) & words[second / 64] >> UInt64(second % 64) & 1 != 0
    }

    private static func bits(_ id: UInt64) -> (Int, Int) {
        let hash = withUnsafeBytes(of: id) { XXH3.hash64($0) }
        return (Int(hash % UInt64(bitCount)), Int((hash >> 32) % UInt64(bitCount)))
    }
}
