// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// The work on one assembly: makes a recipe of all its bytes, with the cuts that they would have had in one piece.
///
/// A part is cut from its own start to its own end. In between its cuts are those of the whole, for a cut follows from the bytes
/// behind the one before. So its chunks are taken over as they are, unread, up to the last one, which a border ends. From there on bytes are
/// read and cut until a cut meets one of the next part's, mostly after a chunk or two. In a tar the headers have a say, so they are
/// read, too.
final class PartJoin: @unchecked Sendable {  // One job at a time; its joiner looks only between two jobs.
    let assembly: UInt64
    let parts: [AssemblyPart]
    /// What was written anew, for as long as it isn't committed.
    let holds: ChunkHolds
    /// In order; those already committed as segments are taken away from the front.
    private(set) var staged: [StagedChunk] = []
    var segments = SegmentProgress()
    private let engine: EngineParts
    private let size: UInt64
    private var chunker: Chunker
    private var governor = CompressionGovernor()
    /// The parts' chunks, those before `end` passed over.
    private var old: PartChunks
    /// What is read behind `end`.
    private var ahead: PartBytes
    /// Of the chunks so far, in the assembly.
    private var end: UInt64 = 0
    /// The last bytes' chunks, until none is awaited.
    private var job: BlockJob?
    /// What may be written anew: a short part, of longer ones the few chunks around a border.
    private let freshByteCountMax: UInt64
    /// What was.
    private var freshByteCount: UInt64 = 0

    /// Nil for an assembly that is gone, or has no parts to join. Blocks.
    init?(_ engine: EngineParts, _ assembly: UInt64) throws(StoreError) {
        guard let head = try Self.head(of: assembly, engine), head.kind == .assembly else { return nil }
        parts = try engine.assemblyParts(ContentReference(kind: .assembly, id: assembly, size: head.size))
        guard parts.allSatisfy({ $0.content.kind != .stretch }) else { return nil }
        self.engine = engine
        self.assembly = assembly
        size = head.size
        holds = ChunkHolds(engine.inFlight)
        let configuration = engine.configuration
        chunker = Chunker(configuration.chunkSizes)
        freshByteCountMax = parts.reduce(0) { $0 + min($1.content.size, configuration.borderByteCountMax) }
        var start: UInt64 = 0
        let leaves = parts.map { part in
            defer { start += part.content.size }
            return (content: part.content, start: start)
        }
        ahead = PartBytes(engine, leaves, byteCountMax: configuration.cutByteCountMax)
        old = try PartChunks(engine, parts.map(\.content))
        guard start == size, size > 0 else {
            throw StoreError(.corrupted, diagnosis: "content \(assembly) has another size than its parts")
        }
        ahead.restart(at: 0, in: 0)
    }

    var isAtEnd: Bool { end == size && job == nil }

    /// More is written anew than borders take: contents that hardly ever have a cut, or a tar in parts that begin within its blocks.
    var isCostly: Bool { freshByteCount > freshByteCountMax }

    /// What the rest takes at most, records included.
    var roomByteCount: UInt64 {
        let chunkCount = (size - segments.end) / UInt64(engine.configuration.chunkSizes.byteCountNormal) + 1
        let recordByteCount = (chunkCount + UInt64(parts.count)) * Self.recordByteCountPerChunk
        return freshByteCountMax - min(freshByteCount, freshByteCountMax) + recordByteCount
    }

    /// Entry and index record, in the log and in a table, and as much again while tables are merged.
    private static let recordByteCountPerChunk: UInt64 = 512

    /// Whether anybody still refers to the assembly. Blocks.
    func isWanted() throws(StoreError) -> Bool { try Self.head(of: assembly, engine) != nil }

    private static func head(of assembly: UInt64, _ engine: EngineParts) throws(StoreError) -> ContentHead? {
        guard let head = try engine.metadata.contentHead(assembly), head.referenceCount > 0 else { return nil }
        return head
    }

    /// Stages some more chunks, after which `resolve` has to be called until none is awaited. Blocks.
    func step() throws(StoreError) {
        precondition(job == nil, "chunks are staged in order")
        try takeOver()
        guard end < size, staged.count <= engine.configuration.segmentEntryCountMax else { return }
        try ahead.extend()
        governor.isTrying = engine.space.compressesUploads
        var job = BlockJob(engine, holds, governor)
        try job.store(try cut())
        end(job)
    }

    /// A chunk that another stream finds or writes just now.
    var awaitedDigest: SHA256Digest? { job?.awaitedDigest }

    /// Blocks.
    func resolve() throws(StoreError) {
        guard var job else { return }
        self.job = nil
        try job.resolve()
        end(job)
    }

    private func end(_ job: BlockJob) {
        governor = job.governor
        guard job.awaitedDigest == nil else { return self.job = job }
        staged.append(contentsOf: job.staged)
        freshByteCount += job.writtenByteCount
    }

    /// What is left to commit at the end.
    var recipe: StagedRecipe {
        StagedRecipe(
            id: segments.id,
            segmentCount: segments.count,
            entryCount: segments.entryCount,
            start: segments.end,
            chunks: staged,
            holds: holds
        )
    }

    /// Takes the first `count` staged chunks away, to be committed as a segment.
    func takeStaged(_ count: Int) -> [StagedChunk] {
        let taken = [StagedChunk](staged.prefix(count))
        staged.removeFirst(taken.count)
        return taken
    }

    private var isOneChunk: Bool { size <= UInt64(engine.configuration.wholeChunkByteCountMax) }

    /// Takes over the parts' chunks from here on that are chunks of the whole, some of them.
    private func takeOver() throws(StoreError) {
        let before = end
        while staged.count <= engine.configuration.segmentEntryCountMax, let chunk = plainChunk(),
            let digest = chunk.digest
        {
            guard let record = try engine.metadata.chunkRecord(digest),
                UInt64(record.plainByteCount) == UInt64(chunk.range.count)
            else { throw StoreError.notInIndex(digest) }
            var taken = StagedChunk(digest, record)
            taken.isTakenOver = true
            staged.append(taken)
            end = chunk.range.upperBound
            try old.advance()
        }
        guard end > before else { return }
        chunker.skip(to: Int(end))
        if let next = old.current { ahead.restart(at: end, in: next.part) }
    }

    /// The part's chunk that begins here, if one does and the whole is cut the same way.
    private func plainChunk() -> PartChunks.Chunk? {
        guard !isOneChunk, let chunk = old.current, chunk.range.lowerBound == end, chunk.endsWithCut,
            let last = chunker.plainStartMax, end <= UInt64(last),
            // A short part is one chunk, whatever its bytes.
            parts[chunk.part].content.size > UInt64(engine.configuration.wholeChunkByteCountMax)
        else { return nil }
        return chunk
    }

    /// The chunks that what is read has, up to one from where the part's own may be taken over.
    private func cut() throws(StoreError) -> [UnsafeRawBufferPointer] {
        var chunks: [UnsafeRawBufferPointer] = []
        while end < size, let byteCount = nextByteCount() {
            chunks.append(UnsafeRawBufferPointer(rebasing: ahead.bytes[..<byteCount]))
            ahead.removeFirst(byteCount)
            end += UInt64(byteCount)
            while let chunk = old.current, chunk.range.upperBound <= end { try old.advance() }
            if plainChunk() != nil { break }
        }
        return chunks
    }

    /// The length of the next chunk, if all of it is there.
    private func nextByteCount() -> Int? {
        let isLast = ahead.end == size
        if isOneChunk { return isLast ? ahead.bytes.count : nil }
        return chunker.length(ahead.bytes, isLast: isLast) ?? (isLast ? ahead.bytes.count : nil)
    }
}

extension EngineConfiguration {
    /// What has to be in one piece of memory to find a cut.
    var cutByteCountMax: Int { max(chunkSizes.byteCountMax + Chunker.lookaheadByteCountMax, wholeChunkByteCountMax) }

    /// What a join may write anew for each part.
    fileprivate var borderByteCountMax: UInt64 { UInt64(max(wholeChunkByteCountMax, 4 * chunkSizes.byteCountMax)) }
}
