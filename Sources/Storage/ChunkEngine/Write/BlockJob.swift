// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import MetadataStore
import StorageTypes

/// One block's way from plain chunks to frames in a pack.
///
/// Chunks are hashed in pairs and looked up one by one; the new ones are written together, so that they lie side by side.
struct BlockJob {
    /// In order. The place of a chunk that this block brings is set by `write`.
    private(set) var staged: [StagedChunk] = []
    var governor: CompressionGovernor
    private let stream: ChunkStream
    private var compressor: Compressor?
    private var run: PackRun?
    /// Staged chunks that wait for `write`, by digest; a chunk may come twice in a block.
    private var waiting: [SHA256Digest: (chunk: StagedChunk, indices: [Int])] = [:]

    init(_ stream: ChunkStream, _ governor: CompressionGovernor) {
        self.stream = stream
        self.governor = governor
    }

    /// Gives back what was borrowed. The last call.
    mutating func end() {
        if let run { stream.engine.runs.giveBack(run) }
        run = nil
        if let compressor { stream.engine.compressors.giveBack(compressor) }
        compressor = nil
    }

    /// Hashes chunks, and encodes those that are neither stored nor on their way already.
    ///
    /// - Parameter chunks: their bytes stay valid until `write` has returned.
    mutating func add(_ chunks: [UnsafeRawBufferPointer]) throws(StoreError) {
        for (bytes, digest) in zip(chunks, SHA256.hash(chunks)) { try add(bytes, digest) }
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer, _ digest: SHA256Digest) throws(StoreError) {
        if let stored = try find(digest) {
            staged.append(stored)
            return
        }
        if waiting[digest] == nil { waiting[digest] = (encode(bytes, digest), []) }
        guard let chunk = waiting[digest]?.chunk else { return }
        waiting[digest]?.indices.append(staged.count)
        staged.append(chunk)
    }

    /// The chunk if it is stored or about to be, held until this stream has committed.
    private func find(_ digest: SHA256Digest) throws(StoreError) -> StagedChunk? {
        switch stream.engine.inFlight.hold(digest) {
        case .leaving:
            return nil
        case .written(let chunk, let pack):
            stream.holds.add(CollectionOfOne(digest), in: pack)
            return chunk
        case .claimed:
            var stored: StagedChunk?
            defer { if stored == nil { stream.engine.inFlight.release(CollectionOfOne(digest)) } }
            stored = try findStored(digest)
            if stored != nil { stream.holds.add(CollectionOfOne(digest), in: nil) }
            return stored
        }
    }

    private func findStored(_ digest: SHA256Digest) throws(StoreError) -> StagedChunk? {
        guard let record = try stream.engine.chunkRecord(digest) else { return nil }
        return StagedChunk(
            digest: digest,
            encoding: record.encoding,
            plainByteCount: record.plainByteCount,
            encodedByteCount: record.encodedByteCount,
            xxh3: record.xxh3,
            pack: record.pack,
            offset: record.offset,
            isIndexed: true
        )
    }

    /// Makes the frame; the returned chunk's offset is relative to the first frame of this block.
    private mutating func encode(_ bytes: UnsafeRawBufferPointer, _ digest: SHA256Digest) -> StagedChunk {
        let run = run ?? stream.engine.runs.take()
        self.run = run
        let headerByteCount = PackFormat.frameHeaderByteCount
        let room = run.room(headerByteCount + bytes.count)
        let target = UnsafeMutableRawBufferPointer(rebasing: room[headerByteCount...])
        let compressedByteCount = compress(bytes, into: target)
        if compressedByteCount == nil { target.copyMemory(from: bytes) }
        let payload = UnsafeRawBufferPointer(rebasing: target[..<(compressedByteCount ?? bytes.count)])
        let chunk = StagedChunk(
            digest: digest,
            encoding: compressedByteCount == nil ? .plain : .zstd,
            plainByteCount: UInt32(bytes.count),
            encodedByteCount: UInt32(payload.count),
            xxh3: XXH3.hash64(payload),
            pack: 0,
            offset: UInt64(run.byteCount),
            isIndexed: false
        )
        FrameHeader(
            encoding: chunk.encoding,
            plainByteCount: chunk.plainByteCount,
            encodedByteCount: chunk.encodedByteCount,
            xxh3: chunk.xxh3,
            digest: digest
        ).encode(to: room)
        run.take(headerByteCount + payload.count)
        return chunk
    }

    /// The length of the compressed bytes in `target`; nil when they are to be stored as they are.
    private mutating func compress(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int?
    {
        guard stream.engine.configuration.isCompressing, governor.shouldTry(bytes) else { return nil }
        if compressor == nil { compressor = stream.engine.compressors.take() }
        guard let byteCount = compressor?.compress(bytes, into: target) else {
            governor.failed()
            return nil
        }
        governor.succeeded()
        return byteCount
    }

    /// Writes the new frames and tells everybody about them.
    mutating func write() throws(StoreError) {
        guard let run else { return }
        let (pack, start) = try stream.engine.packs.append(run)
        var written: [StagedChunk] = []
        written.reserveCapacity(waiting.count)
        for entry in waiting.values {
            var chunk = entry.chunk
            chunk.pack = pack.id
            chunk.offset += start
            written.append(chunk)
            for index in entry.indices { staged[index] = chunk }
        }
        // Only now: whoever finds a chunk here may commit it.
        stream.engine.inFlight.publish(written, in: pack)
        stream.holds.add(waiting.keys, in: pack)
    }
}
