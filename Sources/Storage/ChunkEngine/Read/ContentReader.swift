// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes

/// A content as a body: small and hot reads on the caller's thread, all others on a worker that stays one batch ahead.
final class ContentReader: ObjectBody {
    private let engine: EngineParts
    private let cursor: ReadCursor
    /// Held for as long as this reads.
    private let pin: ContentPin?
    /// Last first: pieces of the batch being handed out.
    private var ready: [ByteBuffer] = []
    private var pending: PendingResult<Result<[ByteBuffer], StoreError>>?
    private var batchCount = 0

    init(_ engine: EngineParts, _ cursor: ReadCursor, _ pin: ContentPin?) {
        self.engine = engine
        self.cursor = cursor
        self.pin = pin
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while ready.isEmpty {
            if pending == nil {
                guard !cursor.isAtEnd else { return nil }
                if let batch = try cachedBatch() {
                    ready = batch.reversed()
                    continue
                }
                startBatch()
            }
            guard let result = await pending?.value() else { return nil }
            pending = nil
            ready = try result.get().reversed()
            // While these are sent, the next ones are read.
            if !cursor.isAtEnd { startBatch() }
        }
        return ready.popLast()
    }

    /// A whole small range without a hop, if it is in memory.
    private func cachedBatch() throws(StoreError) -> [ByteBuffer]? {
        let limit = engine.configuration.cachedReadByteCountMax
        guard batchCount == 0, cursor.byteCountLeft <= UInt64(limit) else { return nil }
        do throws(ReadFailure) {
            return try cursor.next(byteCountMax: limit, .cachedOnly)
        } catch {
            switch error {
            case .wouldBlock: return nil
            case .store(let error): throw error
            }
        }
    }

    private func startBatch() {
        let job = PendingResult<Result<[ByteBuffer], StoreError>>()
        pending = job
        // The first batch is short: the answer begins sooner.
        let limit = engine.configuration.readByteCountMax
        let byteCountMax = batchCount == 0 ? limit / 4 : limit
        batchCount += 1
        let cursor = cursor
        engine.workers.submit { job.fulfill(Self.batch(cursor, byteCountMax)) }
    }

    private static func batch(_ cursor: ReadCursor, _ byteCountMax: Int) -> Result<[ByteBuffer], StoreError> {
        do throws(ReadFailure) {
            return .success(try cursor.next(byteCountMax: byteCountMax, .blocking))
        } catch {
            return .failure(error.blocking)
        }
    }
}
