// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension StoreCheck {
    /// Counts how often recipes name each chunk and compares that with the index.
    ///
    /// Memory is bounded by counting a share of all digests at a time, by their first bytes; each share reads the recipes once. So
    /// that a sound store has them read once in all, sums say first which shares need counting.
    mutating func checkReferences() throws(StoreError) {
        let shareCount = min(1 << 16, report.chunkCount / entryCountMax + 1)
        let sums = shareCount == 1 ? [1] : try referenceSums(shareCount)
        for share in 0..<shareCount where sums[Int(share)] != 0 {
            let lower = UInt16(share << 16 / shareCount)
            let upper = UInt16((share + 1) << 16 / shareCount - 1)
            try checkReferences(lower...upper)
        }
    }

    /// For each share a sum of hashes, of what recipes name less what the index counts: zero when they agree. That they do not and
    /// it is zero happens by a chance of 2⁻⁶⁴, since digests are hashes themselves.
    private func referenceSums(_ shareCount: UInt64) throws(StoreError) -> [UInt64] {
        var sums = [UInt64](repeating: 0, count: Int(shareCount))
        func add(_ count: UInt64, _ digest: SHA256Digest, _ plainByteCount: UInt32) {
            // The share whose first bytes, as below, are from `share << 16 / shareCount` on.
            let share = ((digest.words.0 >> 48 + 1) * shareCount - 1) >> 16
            sums[Int(share)] &+= count &* (digest.words.1 ^ UInt64(plainByteCount) &* 0x9E37_79B9_7F4A_7C15)
        }
        try forEachEntry { add(1, $0.digest, $0.plainByteCount) }
        try metadata.forEach(.chunks, from: [], until: nil) { key, value in
            guard key.count == 32, let record = try? ChunkRecord(decoding: value) else { return }
            add(0 &- record.referenceCount, SHA256Digest(bytes: key), record.plainByteCount)
        }
        return sums
    }

    private mutating func checkReferences(_ firstBytes: ClosedRange<UInt16>) throws(StoreError) {
        var uses = try countUses(firstBytes)
        let (lower, upper) = (Self.key(firstBytes.lowerBound), firstBytes.upperBound)
        let until = upper == .max ? nil : Self.key(upper + 1)
        try metadata.forEach(.chunks, from: lower, until: until) { key, value in
            // What can't be decoded was reported before, and missing below is what it is.
            guard key.count == 32, let record = try? ChunkRecord(decoding: value) else { return }
            let digest = SHA256Digest(bytes: key)
            let use = uses.removeValue(forKey: digest)
            if record.referenceCount != use?.count ?? 0 {
                report.add(.chunkCount(digest, recorded: record.referenceCount, actual: use?.count ?? 0))
            }
            if let use, use.plainByteCount != record.plainByteCount {
                report.add(.chunkLength(digest, recorded: record.plainByteCount, inRecipe: use.plainByteCount))
            }
        }
        for (digest, use) in uses.sorted(by: { $0.key < $1.key }) {
            report.add(.missingChunk(digest, referenceCount: use.count))
        }
    }

    private static func key(_ firstBytes: UInt16) -> [UInt8] {
        [UInt8(firstBytes >> 8), UInt8(truncatingIfNeeded: firstBytes)]
    }

    private struct Use {
        var count: UInt64 = 0
        var plainByteCount: UInt32
    }

    private func countUses(_ firstBytes: ClosedRange<UInt16>) throws(StoreError) -> [SHA256Digest: Use] {
        var uses: [SHA256Digest: Use] = [:]
        try forEachEntry { entry in
            guard firstBytes.contains(UInt16(entry.digest.words.0 >> 48)) else { return }
            uses[entry.digest, default: Use(plainByteCount: entry.plainByteCount)].count += 1
        }
        return uses
    }

    private func forEachEntry(_ body: (RecipeEntry) -> Void) throws(StoreError) {
        try metadata.forEach(.contents, from: [], until: nil) { key, value in
            guard key.count == 13, value.count > 1, value[1] == ContentReference.Kind.recipe.rawValue,
                let segment = try? RecipeSegment(decoding: value)
            else { return }
            for entry in segment.entries { body(entry) }
        }
    }
}
