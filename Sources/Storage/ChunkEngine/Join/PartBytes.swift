// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import NIOCore
import StorageTypes

/// A stretch of an assembly's bytes in memory, which moves forward.
struct PartBytes {
    private let engine: EngineParts
    /// Of the assembly's parts.
    private let parts: [(content: ContentReference, start: UInt64)]
    private let memory: Block
    /// Where the stretch begins in the memory.
    private var front = 0
    /// Where it ends in the assembly.
    private(set) var end: UInt64 = 0
    /// The part being read.
    private var part = 0
    private var cursor: ReadCursor?
    /// Last first: read, and not in the stretch yet.
    private var pieces: [ByteBuffer] = []

    /// - Parameter byteCountMax: what is looked at at once; some more is read.
    init(_ engine: EngineParts, _ parts: [(content: ContentReference, start: UInt64)], byteCountMax: Int) {
        self.engine = engine
        self.parts = parts
        memory = Block(start: 0, byteCount: byteCountMax + Self.readByteCountMax)
    }

    /// A border takes a few chunks.
    private static let readByteCountMax = 256 << 10

    /// Stay valid until the next call of `extend` or `restart`.
    var bytes: UnsafeRawBufferPointer { memory.bytes(front..<memory.end) }

    mutating func removeFirst(_ byteCount: Int) {
        front += byteCount
    }

    /// Leaves everything and goes on at `offset`, which is in `part`.
    mutating func restart(at offset: UInt64, in part: Int) {
        (front, memory.end, end) = (0, 0, offset)
        open(part, at: offset)
    }

    private mutating func open(_ part: Int, at offset: UInt64) {
        let (content, start) = parts[part]
        (self.part, pieces) = (part, [])
        cursor = ReadCursor(engine, content, offset - start..<content.size)
    }

    /// Reads some more behind the stretch. Blocks.
    ///
    /// - Throws: `corrupted`, and then the damaged frame is in quarantine; `ioFailure`.
    mutating func extend() throws(StoreError) {
        memory.memory.copyMemory(from: bytes)
        (front, memory.end) = (0, memory.end - front)
        while pieces.isEmpty {
            do throws(ReadFailure) {
                let limit = min(engine.configuration.readByteCountMax, Self.readByteCountMax)
                pieces = try cursor?.next(byteCountMax: limit, .blocking).reversed() ?? []
            } catch {
                throw error.blocking
            }
            if pieces.isEmpty {
                guard part + 1 < parts.count else { throw StoreError(.corrupted, diagnosis: "parts end early") }
                open(part + 1, at: end)
            }
        }
        while memory.roomByteCount > 0, let piece = pieces.last {
            let count = piece.withUnsafeReadableBytes { memory.append($0) }
            end += UInt64(count)
            pieces[pieces.count - 1].moveReaderIndex(forwardBy: count)
            if pieces.last?.readableBytes == 0 { pieces.removeLast() }
        }
    }
}
