// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes

/// The bytes of one request on their way into an upload session: hashed as they pass, cut where a part ends.
///
/// A failure of the connection ends the bytes instead of throwing, because what arrived is kept; `failure` tells.
/// Confined to the task of its request.
final class SessionSource {
    private let body: any ObjectBody
    /// Bytes that are read but not yet passed on.
    private var pending = CircularBuffer<ByteBuffer>()
    private var isAtEnd = false
    /// More bytes than this are one too many.
    private let byteCountMax: UInt64
    private(set) var running: RunningDigest
    /// False when somebody else computes the digest.
    var isHashing = true
    private(set) var received: UInt64 = 0
    /// Why the bytes ended before their end.
    private(set) var failure: StoreError?
    /// The sender went beyond `byteCountMax`: nothing of it counts.
    private(set) var isOverlong = false

    init(_ body: any ObjectBody, running: RunningDigest, byteCountMax: UInt64) {
        self.body = body
        self.running = running
        self.byteCountMax = byteCountMax
    }

    /// Bytes read so far that `next` has not passed on.
    var pendingByteCount: Int { pending.reduce(0) { $0 + $1.readableBytes } }

    /// Reads until more than `count` bytes wait or there are no more. - Returns: whether more than `count` wait.
    func fill(beyond count: Int) async -> Bool {
        var waiting = pendingByteCount
        while waiting <= count, await readPiece() { waiting = pendingByteCount }
        return waiting > count
    }

    /// Up to `byteCountMax` bytes, hashed; nil when there are no more.
    func next(byteCountMax limit: Int) async -> ByteBuffer? {
        if pending.isEmpty, await !readPiece() { return nil }
        guard var piece = pending.first else { return nil }
        if piece.readableBytes <= limit {
            pending.removeFirst()
        } else {
            guard let slice = piece.readSlice(length: limit) else { return nil }
            pending[pending.startIndex] = piece
            piece = slice
        }
        if isHashing { running.update(piece) }
        return piece
    }

    private func readPiece() async -> Bool {
        guard !isAtEnd else { return false }
        do {
            guard let piece = try await body.next() else {
                isAtEnd = true
                return false
            }
            received += UInt64(piece.readableBytes)
            guard received <= byteCountMax else {
                isAtEnd = true
                isOverlong = true
                return false
            }
            pending.append(piece)
            return true
        } catch {
            isAtEnd = true
            failure = error
            return false
        }
    }
}

/// The next part of a session: what is left of a tail, then bytes of the source up to a limit.
///
/// The source and the connection behind it stay open when the part ends.
final class PartBody: ObjectBody {
    private let source: SessionSource
    private var prefix: ByteBuffer?
    private var remaining: Int
    private(set) var byteCount: UInt64 = 0

    /// - Parameter prefix: bytes of the session that are hashed already.
    init(_ source: SessionSource, prefix: [UInt8], byteCountMax: UInt64) {
        self.source = source
        self.prefix = prefix.isEmpty ? nil : ByteBuffer(bytes: prefix)
        self.remaining = max(1, Int(byteCountMax) - prefix.count)
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        if let prefix {
            self.prefix = nil
            byteCount += UInt64(prefix.readableBytes)
            return prefix
        }
        guard remaining > 0, let piece = await source.next(byteCountMax: remaining) else { return nil }
        remaining -= piece.readableBytes
        byteCount += UInt64(piece.readableBytes)
        return piece
    }
}
