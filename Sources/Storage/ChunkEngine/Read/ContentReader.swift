// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes
import Synchronization

/// A content as a body: small and hot reads on the caller's thread, all others on a worker that stays one batch ahead.
///
/// Hot is what is in memory while there are readers enough for every processor. What one thread reads, verifies and sends stays
/// in its processor's cache then, and nobody has to be woken up for it. A lone reader is faster with a worker beside it.
final class ContentReader: ObjectBody {
    private let engine: EngineParts
    private let cursor: ReadCursor
    /// Held for as long as this reads.
    private let pin: ContentPin?
    /// Last first: pieces of the batch being handed out.
    private var ready: [ByteBuffer] = []
    private var pending: PendingResult<Result<[ByteBuffer], StoreError>>?
    private var batchCount = 0
    /// Something had to wait for the drive, or for a decompressor.
    private var isCold = false

    init(_ engine: EngineParts, _ cursor: ReadCursor, _ pin: ContentPin?) {
        self.engine = engine
        self.cursor = cursor
        self.pin = pin
        engine.readerCount.add(1, ordering: .relaxed)
    }

    deinit {
        engine.readerCount.subtract(1, ordering: .relaxed)
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while ready.isEmpty {
            if pending == nil {
                guard !cursor.isAtEnd else { return nil }
                if let batch = try hotBatch() {
                    ready = batch.reversed()
                    continue
                }
                startBatch()
            }
            guard let result = await pending?.value() else { return nil }
            pending = nil
            ready = try result.get().reversed()
            // While these are sent, the next ones are read.
            if !isHot, !cursor.isAtEnd { startBatch() }
        }
        return ready.popLast()
    }

    /// Between two jobs.
    private var isHot: Bool {
        guard !isCold else { return false }
        return cursor.byteCountLeft <= engine.configuration.cachedReadByteCountMax
            || engine.readerCount.load(ordering: .relaxed) >= engine.configuration.hotReaderCountMin
    }

    /// The next pieces without a hop, if they are in memory.
    private func hotBatch() throws(StoreError) -> [ByteBuffer]? {
        guard isHot else { return nil }
        let limit = engine.configuration.cachedReadByteCountMax
        do throws(ReadFailure) {
            return try cursor.next(byteCountMax: limit, cursor.byteCountLeft <= limit ? .cachedOnly : .cachedPlain)
        } catch {
            switch error {
            case .wouldBlock:
                isCold = true
                return nil
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
