// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import MetadataStore
import StorageTypes

/// An engine without clients: commits one after the other on the caller's thread, or only pretends to.
struct MaintenanceSession {
    let engine: EngineParts
    let isDryRun: Bool
    var report = GCReport()
    /// Everything a dry run would have committed.
    private let pretended: CommitOverlay
    private let group: CommitGroup
    /// What a dry run would have done to the packs.
    private(set) var pretendedChanges = PackChanges()

    /// Recovers the store, dry run or not: that is what any start does.
    init(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        clock: any WallClock,
        isDryRun: Bool
    ) throws(StoreError) {
        var recovery = Recovery(
            layout: EngineLayout(dataDirectory: configuration.dataDirectory),
            packByteCountMax: configuration.packByteCountMax,
            fileSystem: fileSystem,
            metadata: metadata,
            clock: clock
        )
        let recovered = try recovery.run()
        engine = EngineParts(
            configuration,
            fileSystem: fileSystem,
            metadata: metadata,
            workers: .inline,
            clock: clock,
            recovered: recovered
        )
        self.isDryRun = isDryRun
        pretended = CommitOverlay(metadata)
        group = CommitGroup(engine)
    }

    /// Runs `body` and makes its changes durable, each call for itself.
    mutating func commit<Value: Sendable>(
        _ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard isDryRun else {
            let work = ImmediateCommit(body)
            _ = group.commit([work])
            return try work.result()
        }
        pretended.save()
        var transaction = CommitTransaction(now: engine.clock.now(), engine: engine, overlay: pretended)
        let value = try body(&transaction)
        pretendedChanges.merge(transaction.packChanges)
        return value
    }

    /// Keys of table `system` with that first byte, from `start` on, as this session sees them.
    func systemKeys(_ prefix: UInt8, from start: [UInt8], limit: Int) throws(StoreError) -> [[UInt8]] {
        let overlay = isDryRun ? pretended : CommitOverlay(engine.metadata)
        let transaction = CommitTransaction(now: engine.clock.now(), engine: engine, overlay: overlay)
        var keys: [[UInt8]] = []
        try transaction.scan(.system, from: start, until: [prefix + 1]) { key, _ in
            keys.append(key)
            return keys.count < limit
        }
        return keys
    }
}

/// A request whose caller is the leader itself.
private final class ImmediateCommit<Value: Sendable>: CommitWork, @unchecked Sendable {  // Never leaves its one thread.
    private let body: @Sendable (inout CommitTransaction) throws(StoreError) -> Value
    private var outcome: Result<Value, StoreError>?
    private var failure: StoreError?

    init(_ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Value) {
        self.body = body
        super.init([])
    }

    override func evaluate(_ transaction: inout CommitTransaction) -> Bool {
        do throws(StoreError) {
            outcome = .success(try body(&transaction))
            return true
        } catch {
            outcome = .failure(error)
            return false
        }
    }

    override func finish(_ failure: StoreError?) {
        self.failure = failure
    }

    func result() throws(StoreError) -> Value {
        if let failure { throw failure }
        guard let outcome else { preconditionFailure("a group evaluates all its requests") }
        return try outcome.get()
    }
}
