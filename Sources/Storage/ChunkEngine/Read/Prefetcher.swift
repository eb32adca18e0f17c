// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes
import Synchronization

/// Brings contents into the system's memory that are read soon, one after another, with what nobody else wants of the processors.
///
/// What is uploaded goes past that memory (`PackStore.append`): filling it may cost more than all the rest of an upload, and most
/// is never read from there. Reading verifies, so damage on the way to the drive is found as well.
final class Prefetcher: Sendable {
    private struct Job {
        let cursor: ReadCursor
        let byteCount: UInt64
        /// Held until it is read.
        let pin: ContentPin?
    }

    private struct State {
        /// First first.
        var jobs: [Job] = []
        /// Of these and of the one under way.
        var byteCount: UInt64 = 0
        var isRunning = false
        var isClosed = false
        /// Resumed when nothing runs any more after `close`.
        var closing: UnsafeContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Does nothing when what waits would fill a quarter of the memory that is left.
    func add(_ content: ContentReference, _ pin: ContentPin?, _ engine: EngineParts) {
        let job = Job(cursor: ReadCursor(engine, content, 0..<content.size), byteCount: content.size, pin: pin)
        let byteCountMax = engine.configuration.availableMemory() / 4
        let isFirst = state.withLock { state in
            guard !state.isClosed, state.byteCount + job.byteCount <= byteCountMax else { return false }
            state.byteCount += job.byteCount
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { engine.workers.submit(.maintenance) { self.run(engine.configuration.readByteCountMax) } }
    }

    private func run(_ byteCountMax: Int) {
        while let job = next() {
            // Who reads a damaged chunk is told; here it is in quarantine already.
            try? read(job.cursor, byteCountMax)
            state.withLock { $0.byteCount -= job.byteCount }
        }
    }

    private func next() -> Job? {
        let (job, closing) = state.withLock { state -> (Job?, UnsafeContinuation<Void, Never>?) in
            if !state.jobs.isEmpty { return (state.jobs.removeFirst(), nil) }
            state.isRunning = false
            defer { state.closing = nil }
            return (nil, state.closing)
        }
        closing?.resume()
        return job
    }

    private func read(_ cursor: ReadCursor, _ byteCountMax: Int) throws(ReadFailure) {
        while !cursor.isAtEnd, !state.withLock({ $0.isClosed }) {
            _ = try cursor.next(byteCountMax: byteCountMax, .blocking)
        }
    }

    /// Forgets what waits, and returns when nothing is read any more.
    func close() async {
        await withUnsafeContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                state.jobs = []
                if state.isRunning { state.closing = continuation }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }
}
