// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import MetadataStore
import StorageTypes

/// One block's way from plain chunks to frames in a pack.
///
/// Chunks are hashed a few at a time and looked up one by one; the new ones are claimed first and written together then, so that
/// they lie side by side also when other streams bring the same at the same time.
struct BlockJob {
    private struct Chunk {
        let bytes: UnsafeRawBufferPointer
        let digest: SHA256Digest
    }

    var governor: CompressionGovernor
    private let engine: EngineParts
    private let holds: ChunkHolds
    /// Of the block's chunks, in order.
    private(set) var digests: [SHA256Digest] = []
    /// Of the chunks that were not stored before.
    private(set) var writtenByteCount: UInt64 = 0
    private var places: [SHA256Digest: StagedChunk] = [:]
    /// Chunks that other streams find or write just now.
    private var awaited: [Chunk] = []

    init(_ engine: EngineParts, _ holds: ChunkHolds, _ governor: CompressionGovernor) {
        self.engine = engine
        self.holds = holds
        self.governor = governor
    }

    /// A chunk that keeps this job from its end; `resolve` has to be called until there is none.
    var awaitedDigest: SHA256Digest? { awaited.first?.digest }

    /// All chunks in order, once none is awaited.
    var staged: [StagedChunk] {
        digests.map { digest in
            guard let place = places[digest] else { preconditionFailure("chunks are awaited") }
            return place
        }
    }

    /// Hashes chunks, and writes those that are neither stored nor on their way already. Once.
    ///
    /// - Parameter chunks: their bytes stay valid for as long as any is awaited.
    mutating func store(_ chunks: [UnsafeRawBufferPointer]) throws(StoreError) {
        var distinct: [Chunk] = []
        for (bytes, digest) in zip(chunks, SHA256.hash(chunks)) {
            if !digests.contains(digest) { distinct.append(Chunk(bytes: bytes, digest: digest)) }
            digests.append(digest)
        }
        let (inFlight, holds) = (engine.inFlight, holds)
        try place(distinct) { digest in
            holds.add(digest)
            return inFlight.hold(digest)
        }
    }

    /// Takes the places of chunks that are known meanwhile, and writes those whose streams have failed to.
    mutating func resolve() throws(StoreError) {
        let chunks = awaited
        awaited = []
        try place(chunks, engine.inFlight.holdAgain)
    }

    private mutating func place(
        _ chunks: [Chunk],
        _ hold: (SHA256Digest) -> InFlightChunks.Hold
    ) throws(StoreError) {
        var claims: [Chunk] = []
        defer { if !claims.isEmpty { engine.inFlight.giveUp(claims.map(\.digest)) } }
        for chunk in chunks {
            switch hold(chunk.digest) {
            case .known(let place, let pack):
                if try engine.isQuarantined(pack: place.pack, offset: place.offset) {
                    // Nobody claims it; who asks later finds the new frame.
                    claims.append(chunk)
                    continue
                }
                places[chunk.digest] = place
                if let pack { holds.add(pack) }
            case .claimed:
                claims.append(chunk)
                guard let stored = try findStored(chunk.digest) else { continue }
                claims.removeLast()
                places[chunk.digest] = stored
                engine.inFlight.publish(CollectionOfOne(stored), in: nil)
            case .leaving:
                claims.append(chunk)
            case .awaited:
                awaited.append(chunk)
            }
        }
        guard !claims.isEmpty else { return }
        try write(claims)
        claims = []
    }

    /// A damaged frame does not count: the chunk is written again.
    private func findStored(_ digest: SHA256Digest) throws(StoreError) -> StagedChunk? {
        guard let record = try engine.metadata.chunkRecord(digest),
            try !engine.isQuarantined(pack: record.pack, offset: record.offset)
        else { return nil }
        return StagedChunk(digest, record)
    }

    /// Writes new frames and tells everybody about them.
    private mutating func write(_ chunks: [Chunk]) throws(StoreError) {
        let run = engine.runs.take()
        defer { engine.runs.giveBack(run) }
        var compressor: Compressor?
        defer { if let compressor { engine.compressors.giveBack(compressor) } }
        var frames: [StagedChunk] = []
        for chunk in chunks { frames.append(encode(chunk, &compressor, into: run)) }
        let (pack, start) = try engine.packs.append(run)
        for index in frames.indices {
            frames[index].pack = pack.id
            frames[index].offset += start
            places[frames[index].digest] = frames[index]
            writtenByteCount += UInt64(frames[index].plainByteCount)
        }
        // Only now: whoever finds a chunk here may commit it.
        engine.inFlight.publish(frames, in: pack)
        holds.add(pack)
    }

    /// Makes the frame; the returned chunk's offset is relative to the first frame of the run.
    private mutating func encode(_ chunk: Chunk, _ compressor: inout Compressor?, into run: PackRun) -> StagedChunk {
        let bytes = chunk.bytes
        let headerByteCount = PackFormat.frameHeaderByteCount
        let room = run.room(headerByteCount + bytes.count)
        let target = UnsafeMutableRawBufferPointer(rebasing: room[headerByteCount...])
        let compressedByteCount = compress(bytes, &compressor, into: target)
        if compressedByteCount == nil { target.copyMemory(from: bytes) }
        let payload = UnsafeRawBufferPointer(rebasing: target[..<(compressedByteCount ?? bytes.count)])
        let frame = StagedChunk(
            digest: chunk.digest,
            encoding: compressedByteCount == nil ? .plain : .zstd,
            plainByteCount: UInt32(bytes.count),
            encodedByteCount: UInt32(payload.count),
            xxh3: XXH3.hash64(payload),
            pack: 0,
            offset: UInt64(run.byteCount),
            isIndexed: false
        )
        FrameHeader(
            encoding: frame.encoding,
            plainByteCount: frame.plainByteCount,
            encodedByteCount: frame.encodedByteCount,
            xxh3: frame.xxh3,
            digest: frame.digest
        ).encode(to: room)
        run.take(headerByteCount + payload.count)
        return frame
    }

    /// The length of the compressed bytes in `target`; nil when they are to be stored as they are.
    private mutating func compress(
        _ bytes: UnsafeRawBufferPointer,
        _ compressor: inout Compressor?,
        into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard governor.shouldTry(bytes) else { return nil }
        if compressor == nil { compressor = engine.compressors.take() }
        guard let byteCount = compressor?.compress(bytes, into: target) else {
            governor.failed()
            return nil
        }
        governor.succeeded()
        return byteCount
    }
}
