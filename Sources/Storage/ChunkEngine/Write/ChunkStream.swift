// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import MetadataStore
import StorageTypes

/// What the jobs of one stream share: hashers, the chunker, and the chunks staged so far.
final class ChunkStream: @unchecked Sendable {  // One job at a time; its writer looks only between two jobs.
    let engine: EngineParts
    /// In order; those already committed as segments are taken away from the front.
    private(set) var staged: [StagedChunk] = []
    let holds: ChunkHolds
    /// Nil when nobody asked for it.
    private var md5: MD5?
    /// Of the chunks' digests, in order.
    private var identity = SHA256()
    private var checksum: RunningChecksum?
    private var sha256: SHA256?
    private var chunker: Chunker
    private let isMedia: Bool
    private var governor = CompressionGovernor()
    /// The last block and the unfinished chunk at its end, which may be empty.
    private var carry: (block: Block, range: Range<Int>)?
    /// The last two blocks on their way through the MD5, if there is one. Left alone for as long as possible: other streams' rounds
    /// take them along.
    private var hashing: [(job: MD5Job?, block: Block)] = []
    /// The last block, while chunks of it are awaited.
    private var unresolved: (job: BlockJob, block: Block)?

    init(_ engine: EngineParts, _ digests: DigestRequest, _ chunking: Chunking) {
        self.engine = engine
        holds = ChunkHolds(engine.inFlight)
        md5 = digests.md5 || digests.checksum == .md5 ? MD5() : nil
        let configuration = engine.configuration
        chunker = Chunker(
            configuration.chunkSizes,
            chunking,
            wholeByteCount: configuration.wholeChunkByteCountMax
        )
        isMedia = chunking == .whole
        // The SHA-256 and the MD5 are computed anyway.
        if let algorithm = digests.checksum, algorithm != .sha256, algorithm != .md5 {
            checksum = RunningChecksum(algorithm)
        }
        if digests.sha256 || digests.checksum == .sha256 { sha256 = SHA256() }
    }

    deinit {
        for case (let job?, _) in hashing { engine.md5Lanes.cancel(job) }
    }

    /// The digests of everything so far.
    func digests(_ request: DigestRequest) -> StreamDigests {
        digests(request, sha256: sha256?.finalize())
    }

    private func digests(_ request: DigestRequest, sha256: SHA256Digest?) -> StreamDigests {
        let md5 = md5?.finalize()
        return StreamDigests(
            entityTag: md5.map { ETag(bytes: $0) }
                ?? ETag(bytes: [UInt8](identity.finalize().bytes.prefix(16)), partCount: 1),
            md5: md5,
            sha256: sha256,
            checksum: checksum?.finalize(),
            request: request
        )
    }

    /// Lets other streams' rounds take the MD5 of a content of at most one chunk along until a worker comes to it.
    func beginWhole(_ block: Block) {
        submitMD5(block)
    }

    /// Stages the content that `beginWhole` was given. Blocks.
    func processWhole(_ block: Block, _ request: DigestRequest) throws(StoreError) -> StreamDigests {
        var job = beginJob()
        checksum?.update(block.content)
        try job.store([block.content])
        identify(job)
        _ = joinMD5()
        // The content is its only chunk: one SHA-256 serves both.
        let digest = job.digests.first
        end(job, block)
        return digests(request, sha256: digest)
    }

    /// Takes in the next block of a content of many chunks. Blocks.
    func process(_ block: Block, isLast: Bool) throws(StoreError) {
        precondition(unresolved == nil, "blocks are staged in order")
        var job = beginJob()
        let content = block.content
        // The first is neither carry nor awaited any more.
        if hashing.count == 2 { engine.blocks.giveBack(joinMD5()) }
        submitMD5(block)
        checksum?.update(content)
        sha256?.update(content)
        let rest = try cut(block, isLast: isLast, into: &job)
        identify(job)
        end(job, block)
        carry = isLast ? nil : (block, rest)
        guard isLast else { return }
        while !hashing.isEmpty {
            let hashed = joinMD5()
            // Awaited chunks lie in the last.
            if unresolved == nil || hashed !== block { engine.blocks.giveBack(hashed) }
        }
    }

    /// A chunk of the last block that another stream finds or writes just now. Call `resolve` when it has, until there is none.
    var awaitedDigest: SHA256Digest? { unresolved?.job.awaitedDigest }

    /// Blocks.
    func resolve() throws(StoreError) {
        guard let (before, block) = unresolved else { return }
        var job = before
        unresolved = nil
        try job.resolve()
        end(job, block)
        // The last one, which the MD5 has left before.
        if unresolved == nil, hashing.isEmpty { engine.blocks.giveBack(block) }
    }

    private func beginJob() -> BlockJob {
        governor.isTrying = !isMedia && engine.space.compressesUploads
        return BlockJob(engine, holds, governor)
    }

    private func end(_ job: BlockJob, _ block: Block) {
        governor = job.governor
        if job.awaitedDigest == nil {
            staged.append(contentsOf: job.staged)
        } else {
            unresolved = (job, block)
        }
    }

    private func identify(_ job: BlockJob) {
        for digest in job.digests { digest.bytes.withUnsafeBytes { identity.update($0) } }
    }

    private func submitMD5(_ block: Block) {
        let lanes = engine.md5Lanes
        let job =
            if let last = hashing.last?.job {
                lanes.submit(after: last, block.content, owner: block)
            } else {
                md5.map { lanes.submit($0, block.content, owner: block) }
            }
        hashing.append((job, block))
    }

    /// Returns the block that is hashed now, the oldest.
    private func joinMD5() -> Block {
        let (job, block) = hashing.removeFirst()
        if let job { md5 = engine.md5Lanes.join(job) }
        return block
    }

    /// Cuts the carry and the block into chunks and returns what is left over.
    private func cut(_ block: Block, isLast: Bool, into job: inout BlockJob) throws(StoreError) -> Range<Int> {
        var start = block.start
        if let (carried, range) = carry {
            precondition(range.count <= block.start, "a carry is shorter than the longest chunk")
            start -= range.count
            UnsafeMutableRawBufferPointer(rebasing: block.memory[start..<block.start]).copyMemory(
                from: carried.bytes(range)
            )
        }
        var chunks: [UnsafeRawBufferPointer] = []
        while let length = chunker.length(block.bytes(start..<block.end), isLast: isLast) {
            chunks.append(block.bytes(start..<start + length))
            start += length
        }
        if isLast, start < block.end {
            chunks.append(block.bytes(start..<block.end))
            start = block.end
        }
        try job.store(chunks)
        return start..<block.end
    }

    /// Takes the first `count` staged chunks away, to be committed as a segment.
    func takeStaged(_ count: Int) -> [StagedChunk] {
        let taken = [StagedChunk](staged.prefix(count))
        staged.removeFirst(taken.count)
        return taken
    }
}

/// The digests of a whole content.
struct StreamDigests: Sendable {
    let entityTag: ETag
    let md5: [UInt8]?
    let sha256: SHA256Digest?
    let checksum: ChecksumValue?

    init(
        entityTag: ETag,
        md5: [UInt8]?,
        sha256: SHA256Digest?,
        checksum: [UInt8]?,
        request: DigestRequest
    ) {
        self.entityTag = entityTag
        self.md5 = md5
        self.sha256 = sha256
        self.checksum =
            switch request.checksum {
            case nil: nil
            case .md5: md5.map { ChecksumValue(algorithm: .md5, bytes: $0) }
            case .sha256: sha256.map { ChecksumValue(algorithm: .sha256, bytes: $0.bytes) }
            case .some(let algorithm): checksum.map { ChecksumValue(algorithm: algorithm, bytes: $0) }
            }
    }
}
