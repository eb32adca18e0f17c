// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkFormat
package import MetadataStore
package import StorageTypes

/// Finds out what contents of several owners take, alone and together: who has which chunks.
///
/// Up to `sampleCountMax` chunks in the store the figures are exact. Beyond that as many chunks are looked at and stand for all. Memory:
/// 4 MiB, and a few words per owner, however large the store is.
package struct ChunkOwners {
    package static let sampleCountMax = ChunkSample.countMax

    private let metadata: any MetadataReading
    private let totals: EngineStatistics
    private var sample: ChunkSample
    /// Recipes that may name a chunk of the sample; nil when any may.
    private var candidates: ContentFilter?
    /// The first is nobody's.
    private var tallies = [Tally()]

    private struct Tally {
        var plain = Moments()
        var stored = Moments()
        var exclusive = Moments()
        var inlineCount = 0.0
        var inlineByteCount = 0.0
    }

    /// Reads the beginning of the chunk index and, when that is not all of it, every recipe. Blocks.
    ///
    /// - Parameter totals: of the same state of the store.
    package init(
        _ metadata: any MetadataReading,
        totals: EngineStatistics,
        sampleCountMax: Int = Self.sampleCountMax
    ) throws(StoreError) {
        self.metadata = metadata
        self.totals = totals
        sample = try ChunkSample(metadata, countMax: sampleCountMax)
        if !sample.isWhole { candidates = try findCandidates() }
    }

    private func findCandidates() throws(StoreError) -> ContentFilter {
        var filter = ContentFilter()
        try metadata.forEach(.contents, from: [], until: nil) { key, value in
            guard let (id, index) = EngineKeys.content(in: key), index != nil, value.count > 1,
                value[1] == ContentReference.Kind.recipe.rawValue, let segment = try? RecipeSegment(decoding: value)
            else { return }
            if segment.entries.contains(where: { sample.position($0.digest) != nil }) { filter.insert(id) }
        }
        return filter
    }

    /// What is added from here on belongs to the next owner.
    package mutating func beginOwner() {
        tallies.append(Tally())
    }

    /// A content that the present owner refers to, once more or for the first time. Blocks.
    package mutating func add(_ content: ContentReference) throws(StoreError) {
        switch content.kind {
        case .empty, .stretch: break
        case .inline: addInline(content.size, share: 1)
        case .recipe: try addRecipe(content)
        case .assembly: try addAssembly(content)
        }
    }

    private mutating func addInline(_ byteCount: UInt64, share: Double) {
        tallies[tallies.count - 1].inlineCount += share
        tallies[tallies.count - 1].inlineByteCount += Double(byteCount) * share
    }

    private mutating func addRecipe(_ content: ContentReference) throws(StoreError) {
        if let candidates, !candidates.mayContain(content.id) { return }
        try forEachSegment(of: content, RecipeSegment.init(decoding:)) { owners, segment in
            for entry in segment.entries {
                if let position = owners.sample.position(entry.digest) { owners.claim(position) }
            }
            return segment.byteCount
        }
    }

    private mutating func claim(_ position: Int) {
        guard sample.claim(position, UInt32(tallies.count - 1)) else { return }
        tallies[tallies.count - 1].plain.add(sample.chunks[position].plainByteCount)
        tallies[tallies.count - 1].stored.add(sample.chunks[position].encodedByteCount)
    }

    /// Small parts of an object that has copies count for each of them with their share.
    private mutating func addAssembly(_ content: ContentReference) throws(StoreError) {
        let head = try value(EngineKeys.head(content.id)).flatMap { try? ContentHead(decoding: $0) }
        let share = 1 / Double(max(1, head?.referenceCount ?? 1))
        var joined: UInt64?
        try forEachSegment(of: content, AssemblySegment.init(decoding:)) { owners, segment throws(StoreError) in
            for part in segment.parts.map(\.content) {
                switch part.kind {
                case .inline: owners.addInline(part.size, share: share)
                case .stretch where part.id != joined:
                    joined = part.id
                    try owners.addRecipe(ContentReference(kind: .recipe, id: part.id, size: content.size))
                case .empty, .recipe, .assembly, .stretch: try owners.add(part)
                }
            }
            return segment.parts.reduce(0) { $0 + $1.content.size }
        }
    }

    /// Up to one that is missing, which is the checker's business.
    ///
    /// - Parameter body: returns the bytes of the content that the segment has.
    private mutating func forEachSegment<Segment>(
        of content: ContentReference,
        _ decode: ([UInt8]) throws(DecodeError) -> Segment,
        _ body: (inout ChunkOwners, Segment) throws(StoreError) -> UInt64
    ) throws(StoreError) {
        var (offset, index): (UInt64, UInt32) = (0, 0)
        while offset < content.size, let bytes = try value(EngineKeys.segment(content.id, index)) {
            let segment = try StorageCall.decoding("segment \(index) of content \(content.id)") {
                () throws(DecodeError) in try decode(bytes)
            }
            offset += try body(&self, segment)
            index += 1
        }
    }

    private func value(_ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try StorageCall.metadata { () throws(MetadataError) in try metadata.get(.contents, key) }
    }

    /// What each owner has, in the order in which they began, and what chunks take that nobody has.
    package consuming func finish() -> (owners: [ChunkHoldings], unownedByteCount: UInt64) {
        var (plain, stored) = (Moments(), Moments())
        for chunk in sample.chunks {
            plain.add(chunk.plainByteCount)
            stored.add(chunk.encodedByteCount)
            guard !chunk.isShared else { continue }
            tallies[Int(chunk.owner)].exclusive.add(chunk.encodedByteCount)
        }
        let share = sample.isWhole ? 1 : Double(sample.chunks.count) / Double(max(1, totals.chunkCount))
        let (plainScale, storedScale) = (
            Moments.Scale(plain, total: totals.deduplicatedByteCount, sampledShare: share),
            Moments.Scale(stored, total: totals.compressedByteCount, sampledShare: share)
        )
        let holdings = tallies.map { tally in
            ChunkHoldings(
                inlineCount: UInt64(tally.inlineCount.rounded()),
                inlineByteCount: UInt64(tally.inlineByteCount.rounded()),
                plain: plainScale.estimate(tally.plain),
                stored: storedScale.estimate(tally.stored),
                exclusive: storedScale.estimate(tally.exclusive)
            )
        }
        return ([ChunkHoldings](holdings.dropFirst()), holdings[0].exclusiveByteCount)
    }
}

/// Sums over a part of a sample.
private struct Moments {
    var sum = 0.0
    var squares = 0.0

    mutating func add(_ value: UInt32) {
        sum += Double(value)
        squares += Double(value) * Double(value)
    }

    /// From the part of the sample to the part of everything, whose sum is known: a ratio estimate.
    struct Scale {
        private let sample: Moments
        private let total: Double
        /// The share of everything that the sample says nothing about.
        private let unseenShare: Double

        init(_ sample: Moments, total: UInt64, sampledShare: Double) {
            self.sample = sample
            self.total = Double(total)
            unseenShare = 1 - sampledShare
        }

        /// The bytes, and their standard error.
        func estimate(_ part: Moments) -> (byteCount: Double, error: Double) {
            guard sample.sum > 0 else { return (0, 0) }
            let share = part.sum / sample.sum
            let squares = (1 - share) * (1 - share) * part.squares + share * share * (sample.squares - part.squares)
            return (share * total, total / sample.sum * max(0, unseenShare * squares).squareRoot())
        }
    }
}

/// What the contents of one owner take.
package struct ChunkHoldings: Sendable, Hashable {
    /// Small contents, which ride in the metadata.
    package private(set) var inlineCount: UInt64 = 0
    package private(set) var inlineByteCount: UInt64 = 0
    /// Plain bytes of the distinct chunks, and of the small contents.
    package private(set) var deduplicatedByteCount: UInt64 = 0
    /// The same as they are stored.
    package private(set) var compressedByteCount: UInt64 = 0
    /// Of these, what nobody else has: what would come back if the owner went.
    package private(set) var exclusiveByteCount: UInt64 = 0
    /// Of the three figures above, in parts of the whole; 0 when they are exact.
    package private(set) var relativeError = 0.0

    package init() {}

    fileprivate init(
        inlineCount: UInt64,
        inlineByteCount: UInt64,
        plain: (byteCount: Double, error: Double),
        stored: (byteCount: Double, error: Double),
        exclusive: (byteCount: Double, error: Double)
    ) {
        self.inlineCount = inlineCount
        self.inlineByteCount = inlineByteCount
        deduplicatedByteCount = inlineByteCount + UInt64(plain.byteCount.rounded())
        compressedByteCount = inlineByteCount + UInt64(stored.byteCount.rounded())
        exclusiveByteCount = inlineByteCount + UInt64(exclusive.byteCount.rounded())
        relativeError = max(
            plain.error / max(1, Double(deduplicatedByteCount)),
            max(stored.error, exclusive.error) / max(1, Double(compressedByteCount))
        )
    }
}
