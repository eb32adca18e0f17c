// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import MetadataStore
package import StorageTypes
import Synchronization

/// How a walk over everything behaves beside other work.
package struct Patience: Sendable {
    /// Of one core; nil as fast as it goes.
    package var coreShareMax: Double?
    /// Waits on the thread of the walk.
    package var pause: @Sendable (Duration) -> Void

    package init(coreShareMax: Double?, pause: @escaping @Sendable (Duration) -> Void) {
        self.coreShareMax = coreShareMax
        self.pause = pause
    }

    package static let none = Patience(coreShareMax: nil) { _ in }
}

extension WorkerPool {
    /// Runs a walk over one snapshot of the metadata on a worker. It ends soon after the task is cancelled.
    ///
    /// - Throws: `unavailable` when the task is cancelled.
    package func walk<Value: Sendable>(
        _ metadata: any MetadataStore,
        _ patience: Patience = .none,
        _ body: @escaping @Sendable (any MetadataReading) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run(until: StopSign()) { stop throws(StoreError) in
            let snapshot = try StorageCall.metadata { () throws(MetadataError) in try metadata.snapshot() }
            return try body(PatientReading(snapshot, patience, stop))
        }
    }

    /// Runs work on a worker that looks now and then whether it is to stop.
    func run<Value: Sendable>(
        until stop: StopSign,
        _ body: @escaping @Sendable (StopSign) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withTaskCancellationHandler {
            await run(.maintenance) { () -> Result<Value, StoreError> in
                do throws(StoreError) {
                    return .success(try body(stop))
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            stop.raise()
        }
        return try result.get()
    }
}

/// Reads of one thread that keep to a share of a core, and fail when they are to stop.
private final class PatientReading: MetadataReading {
    private let base: any MetadataReading
    private let patience: Patience
    private let stop: StopSign
    private let state: Mutex<(stepCount: Int, rested: Duration)>

    init(_ base: any MetadataReading, _ patience: Patience, _ stop: StopSign) {
        self.base = base
        self.patience = patience
        self.stop = stop
        state = Mutex((0, ThreadTime.now))
    }

    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]? {
        try step()
        return try base.get(table, key)
    }

    func cursor(
        _ table: MetadataTable,
        from lower: [UInt8],
        until upper: [UInt8]?
    ) throws(MetadataError) -> any MetadataCursor {
        try stop.check()
        return PatientCursor(try base.cursor(table, from: lower, until: upper), self)
    }

    /// A step takes a microsecond or a few, so this looks up every few milliseconds.
    private static let stepCountMax = 4_096

    func step() throws(MetadataError) {
        let isDue = state.withLock { state in
            state.stepCount += 1
            return state.stepCount.isMultiple(of: Self.stepCountMax)
        }
        guard isDue else { return }
        try stop.check()
        guard let share = patience.coreShareMax else { return }
        let now = ThreadTime.now
        let spent = state.withLock { state in
            defer { state.rested = now }
            return now - state.rested
        }
        patience.pause(spent * (1 / share - 1))
    }
}

private final class PatientCursor: MetadataCursor {
    private let base: any MetadataCursor
    private let reading: PatientReading

    init(_ base: any MetadataCursor, _ reading: PatientReading) {
        self.base = base
        self.reading = reading
    }

    func next() throws(MetadataError) -> Bool {
        try reading.step()
        return try base.next()
    }

    func seek(to key: [UInt8]) throws(MetadataError) {
        try base.seek(to: key)
    }

    func withCurrent<Result>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
    ) -> Result {
        base.withCurrent(body)
    }
}
