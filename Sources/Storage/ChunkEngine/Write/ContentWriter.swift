// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import NIOCore
package import StorageTypes

/// Receives one content: hashes, cuts, compresses and writes it while it streams.
///
/// One consumer. End it with `finish`, and with `abandon` when anything has thrown or the content is not wanted after all.
/// Memory: up to 16 KiB for a small content, else at most four blocks (the one being filled, the one a worker has, and the two
/// before it: the unfinished chunk lies there, and the MD5 comes behind).
package final class ContentWriter {
    private let engine: EngineParts
    private let commits: CommitPipeline
    private let request: DigestRequest
    private let chunking: Chunking
    private let expectedSize: UInt64?
    /// A content that may still become inline; at most `inlineByteCountMax` bytes.
    private var small: ByteBuffer?
    private var block: Block?
    private var stream: ChunkStream?
    private var job: PendingResult<Result<Void, StoreError>>?
    private var size: UInt64 = 0
    /// More than one chunk.
    private var isCut = false
    private var segments = SegmentProgress()
    private var isEnded = false

    init(
        _ engine: EngineParts,
        _ commits: CommitPipeline,
        _ digests: DigestRequest,
        _ chunking: Chunking,
        expectedSize: UInt64?
    ) {
        self.engine = engine
        self.commits = commits
        request = digests
        self.chunking = chunking
        self.expectedSize = expectedSize
        isCut = expectedSize.map { $0 > UInt64(engine.configuration.wholeChunkByteCountMax) } ?? false
    }

    deinit {
        if stream != nil { engine.blocks.endStream() }
    }

    /// Takes the bytes; suspends while a worker is busy with the block before and this one is full.
    ///
    /// - Throws: `insufficientStorage`, `ioFailure`, `unavailable`; the writer is of no use any more, then.
    package func write(_ buffer: ByteBuffer) async throws(StoreError) {
        precondition(!isEnded, "the content is finished")
        size += UInt64(buffer.readableBytes)
        if stream == nil {
            if size <= UInt64(engine.configuration.inlineByteCountMax) {
                if small?.writeImmutableBuffer(buffer) == nil { small = buffer }
                return
            }
            try engine.health.check()
            stream = ChunkStream(engine, request, chunking)
            engine.blocks.beginStream()
            if let small { try await fill(small) }
            small = nil
        }
        try await fill(buffer)
    }

    /// Copies `buffer` into blocks and hands over each that is full.
    private func fill(_ buffer: ByteBuffer) async throws(StoreError) {
        var rest = buffer
        while rest.readableBytes > 0 {
            let target = try await blockWithRoom()
            let count = rest.withUnsafeReadableBytes { target.append($0) }
            rest.moveReaderIndex(forwardBy: count)
        }
    }

    private func blockWithRoom() async throws(StoreError) -> Block {
        guard let block else {
            let fresh = isCut ? engine.blocks.take() : firstBlock()
            self.block = fresh
            return fresh
        }
        if block.roomByteCount > 0 { return block }
        if !isCut {
            if let larger = grown(block) {
                self.block = larger
                return larger
            }
            isCut = true
        }
        try await handOver(block, isLast: false)
        let fresh = engine.blocks.take()
        self.block = fresh
        return fresh
    }

    /// For what is perhaps a single chunk: exactly as long as announced.
    private func firstBlock() -> Block {
        let limit = UInt64(engine.configuration.wholeChunkByteCountMax)
        return Block(start: 0, byteCount: Int(min(limit, max(expectedSize ?? 64 << 10, size))))
    }

    /// Twice the room; nil at the length of the longest chunk.
    private func grown(_ block: Block) -> Block? {
        let limit = engine.configuration.wholeChunkByteCountMax
        guard block.memory.count < limit else { return nil }
        let larger = Block(start: 0, byteCount: min(limit, block.memory.count * 2))
        _ = larger.append(block.content)
        return larger
    }

    /// Starts the worker on a block, after it has ended with the one before.
    private func handOver(_ block: Block, isLast: Bool) async throws(StoreError) {
        try await joinJob()
        guard let stream else { preconditionFailure("blocks belong to a stream") }
        try await commitFullSegments(stream)
        let job = PendingResult<Result<Void, StoreError>>()
        self.job = job
        engine.workers.submit(.computing) {
            do throws(StoreError) {
                try stream.process(block, isLast: isLast)
                job.fulfill(.success(()))
            } catch {
                job.fulfill(.failure(error))
            }
        }
    }

    private func joinJob() async throws(StoreError) {
        guard let job else { return }
        self.job = nil
        try await job.value().get()
        try await resolve()
    }

    /// Waits for chunks that other streams find or write just now. Between two jobs: no worker waits for another.
    private func resolve() async throws(StoreError) {
        guard let stream else { return }
        while let digest = stream.awaitedDigest {
            await engine.inFlight.claimEnd(of: digest)
            try await engine.workers.run(.computing) { () throws(StoreError) in try stream.resolve() }
        }
    }

    private func commitFullSegments(_ stream: ChunkStream) async throws(StoreError) {
        let limit = engine.configuration.segmentEntryCountMax
        while stream.staged.count > limit {
            try await commits.commitSegment(stream.takeStaged(limit), &segments, stream.holds)
        }
    }

    /// Ends the content: everything is written (not yet synced) and hashed when this returns.
    ///
    /// Up to 16 KiB this does not suspend: hashing takes 25 µs at most, a hop to a worker and back as much.
    package func finish() async throws(StoreError) -> StagedContent {
        precondition(!isEnded, "the content is finished")
        guard let stream else {
            isEnded = true
            return Self.stageSmall(small, request)
        }
        if !isCut, let block {
            let request = request
            stream.beginWhole(block)
            let digests = try await engine.workers.run(.computing) { () throws(StoreError) in
                try stream.processWhole(block, request)
            }
            try await resolve()
            return end(stream, digests)
        }
        if let block {
            self.block = nil
            try await handOver(block, isLast: true)
        }
        try await joinJob()
        try await commitFullSegments(stream)
        return end(stream, stream.digests(request))
    }

    private func end(_ stream: ChunkStream, _ digests: StreamDigests) -> StagedContent {
        isEnded = true
        let recipe = StagedRecipe(
            id: segments.id,
            segmentCount: segments.count,
            entryCount: segments.entryCount,
            start: segments.end,
            chunks: stream.staged,
            holds: stream.holds
        )
        return StagedContent(
            size: size,
            entityTag: digests.entityTag,
            md5: digests.md5,
            sha256: digests.sha256,
            checksum: digests.checksum,
            body: .recipe(recipe)
        )
    }

    /// Gives everything back: nothing of the content stays but bytes for the garbage collection. May be called at any time,
    /// also after `finish` has thrown, but not after it has returned.
    package func abandon() async {
        guard !isEnded else { return }
        isEnded = true
        _ = await job?.value()
        job = nil
        stream?.holds.releaseAll()
        if let id = segments.id { await commits.giveUp(id) }
    }
}
