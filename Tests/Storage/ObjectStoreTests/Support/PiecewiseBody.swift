// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes

/// A body that comes in pieces and may break off at its end.
final class PiecewiseBody: ObjectBody {
    private let bytes: [UInt8]
    private let pieceByteCount: Int
    private let failure: StoreError?
    private var position = 0

    init(_ bytes: [UInt8], pieceByteCount: Int, failure: StoreError? = nil) {
        self.bytes = bytes
        self.pieceByteCount = pieceByteCount
        self.failure = failure
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        guard position < bytes.count else {
            if let failure { throw failure }
            return nil
        }
        let end = min(position + pieceByteCount, bytes.count)
        defer { position = end }
        return ByteBuffer(bytes: bytes[position..<end])
    }
}

/// A body that lets something happen when all of it but the last piece has been read.
final class HookedBody: ObjectBody {
    private let inner: PiecewiseBody
    private var hook: (() async throws(StoreError) -> Void)?

    init(_ bytes: [UInt8], _ hook: @escaping () async throws(StoreError) -> Void) {
        self.inner = PiecewiseBody(bytes, pieceByteCount: max(1, bytes.count / 2))
        self.hook = hook
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        let piece = try await inner.next()
        if piece == nil, let hook {
            self.hook = nil
            try await hook()
        }
        return piece
    }
}
